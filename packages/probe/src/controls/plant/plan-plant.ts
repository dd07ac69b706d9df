import { createTorchGenerator, type TransformerConfig } from "@measure-plantain/flux-runtime";
import { formatUnitAddress } from "@measure-plantain/head-hooks";
import { namedSeed } from "../../settings/named-seed.ts";
import { ProbeError } from "../../probe-error.ts";
import { valueAt } from "../../reading.ts";

/** What is planted; what is left out has its default. */
export interface PlantOptions {
  /** Decides which units are altered and how each responds. */
  readonly seed?: number;
  /** Units that respond to the contrast. */
  readonly planted?: number;
  /** Units that are altered alike, but respond to the pairs in random directions. */
  readonly decoys?: number;
  /** By how much of itself a planted unit's root mean square changes from a to b, in the mean over the pairs. */
  readonly effect?: number;
  /** Mean over standard deviation of a planted unit's differences. */
  readonly cohensDz?: number;
  /** The factor on the columns by which altered units reach the rest of the network; at 0 they change nothing else. */
  readonly gain?: number;
  /** The one single block to alter; by default several are drawn. */
  readonly block?: number;
}

/** One unit whose weights are altered: 16 gated channels of a single block's MLP. */
export interface PlantedUnit {
  /** As `single.2.mlp[0:16]`. */
  readonly address: string;
  /** A decoy is altered alike, but does not respond to the contrast. */
  readonly role: "planted" | "decoy";
  /** Index of the single block. */
  readonly block: number;
  /** Counted from the start of the block's MLP channels. */
  readonly firstChannel: number;
  /** The relative change of its root mean square from a to b that is aimed at, for each pair. */
  readonly answers: readonly number[];
}

/** Which units are altered, and how each is to respond. Plain data: `plant.json` holds it. */
export interface PlantPlan extends Required<Omit<PlantOptions, "planted" | "decoys" | "block">> {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** Channels per unit. */
  readonly groupSize: number;
  /** The altered units. */
  readonly units: readonly PlantedUnit[];
}

/**
 * Draws units of the single blocks' MLPs and what each answers to every pair.
 *
 * A planted unit's differences have exactly the asked mean and standard deviation over the pairs, so its t is about
 * `cohensDz · √pairs`; half of the units grow from a to b, half shrink. A decoy's differences are as large, each with a
 * random sign: it answers to the pairs, but not to what separates b from a.
 *
 * @throws {ProbeError} if there are too few units, or pairs, or a gain goes with more than one block.
 */
export function planPlant(
  config: TransformerConfig,
  { pairs, groupSize }: { readonly pairs: number; readonly groupSize: number },
  { seed = 0, planted = 8, decoys = 8, effect = 0.01, cohensDz = 2, gain = 0, block }: PlantOptions = {},
): PlantPlan {
  const width = config.num_attention_heads * config.attention_head_dim;
  const unitsPerBlock = Math.trunc(width * config.mlp_ratio) / groupSize;
  const blocks =
    block === undefined ? Array.from({ length: config.num_single_layers }, (_, index) => index) : [block];
  const places = blocks.flatMap((index) =>
    Array.from({ length: unitsPerBlock }, (_, unit) => ({ block: index, firstChannel: unit * groupSize })),
  );
  if (places.length < planted + decoys) {
    throw new ProbeError(
      "cannot-plant",
      `${planted + decoys} units are to be altered, but the single blocks have ${places.length} MLP groups. Plant fewer.`,
    );
  }
  if (pairs < 3 || pairs > width / 2) {
    throw new ProbeError(
      "cannot-plant",
      `An effect can be planted for 3 to ${width / 2} pairs in a model of width ${width}, but there are ${pairs}. Use a prompt set of another size.`,
    );
  }
  if (gain !== 0 && block === undefined) {
    throw new ProbeError(
      "cannot-plant",
      "Units that reach the rest of the network change the input of later blocks: name one block.",
    );
  }
  const random = createTorchGenerator(namedSeed("plant", seed));
  const draw = (count: number): Float32Array => random.randn([count]).data;
  const order = shuffle(places, draw(places.length));
  const units = order.slice(0, planted + decoys).map((place, index): PlantedUnit => {
    const noise = standardize(draw(pairs));
    const sign = index % 2 === 0 ? 1 : -1;
    const steady = noise.map((value) => sign * effect * (1 + value / cohensDz));
    const signs = draw(pairs);
    const isPlanted = index < planted;
    return {
      address: formatUnitAddress({
        type: "group",
        path: `single.${place.block}.mlp`,
        start: place.firstChannel,
        stop: place.firstChannel + groupSize,
      }),
      role: isPlanted ? "planted" : "decoy",
      ...place,
      answers: isPlanted ? steady : steady.map((value, pair) => (valueAt(signs, pair) < 0 ? -value : value)),
    };
  });
  return { schemaVersion: 1, seed, effect, cohensDz, gain, groupSize, units };
}

/** In the order of random keys. */
function shuffle<Item>(items: readonly Item[], keys: Float32Array): Item[] {
  return items
    .map((item, index) => ({ item, key: valueAt(keys, index) }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

/** Shifted and scaled to a mean of 0 and a standard deviation (N − 1) of 1. */
function standardize(values: Float32Array): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return Array.from(values, (value) => (value - mean) / deviation);
}
