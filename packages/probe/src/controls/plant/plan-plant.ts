import { createTorchGenerator, type TransformerConfig } from "@measure-plantain/flux-runtime";
import { formatUnitAddress } from "@measure-plantain/head-hooks";
import { namedSeed } from "../../settings/named-seed.ts";
import { ProbeError } from "../../probe-error.ts";
import { valueAt } from "../../reading.ts";

/** What is planted; what is left out has its default. */
/** Units that respond to the contrast. */
const PLANTED = 8;

/** Units that are altered alike, but respond to the pairs in random directions. */
const DECOYS = 8;

/** By how much of itself a planted unit's root mean square changes from a to b, in the mean over the pairs. */
const EFFECT = 0.01;

/** Mean over standard deviation of a planted unit's differences. */
const COHENS_DZ = 2;

/** At 0 altered units reach nothing else in the network: later blocks have the inputs of the run. */
const GAIN = 0;

/** One unit whose weights are altered: 16 gated channels of a single block's MLP. */
export interface PlantedUnit {
  /** As `single.2.mlp[0:16]`. */
  readonly address: string;
  /** A decoy is altered alike, but does not answer to the contrast. */
  readonly role: "planted" | "decoy";
  /** Index of the single block. */
  readonly block: number;
  /** Counted from the start of the block's MLP channels. */
  readonly firstChannel: number;
  /** The relative change of its root mean square from a to b that is aimed at, for each pair. */
  readonly answers: readonly number[];
}

/** Which units are altered, and how each is to respond. Plain data: `plant.json` holds it. */
export interface PlantPlan {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** Decides which units are altered and how each responds. */
  readonly seed: number;
  /** By how much of itself a planted unit's root mean square changes from a to b, in the mean over the pairs. */
  readonly effect: number;
  /** Mean over standard deviation of a planted unit's differences. */
  readonly cohensDz: number;
  /** The factor on the columns by which altered units reach the rest of the network. */
  readonly gain: number;
  /** Channels per unit. */
  readonly groupSize: number;
  /** The altered units. */
  readonly units: readonly PlantedUnit[];
}

/**
 * Draws units of the single blocks' MLPs and what each answers to every pair.
 *
 * A planted unit's differences have exactly the planned mean and standard deviation over the pairs, so its t is about
 * `COHENS_DZ · √pairs`; half of the units grow from a to b, half shrink. A decoy's differences are as large, each with a
 * random sign: it answers to the pairs, but not to what separates b from a.
 *
 * @throws {ProbeError} `cannot-plant` if there are too few units or pairs, or too many pairs.
 */
export function planPlant(
  config: TransformerConfig,
  { pairs, groupSize, seed }: { readonly pairs: number; readonly groupSize: number; readonly seed: number },
): PlantPlan {
  const width = config.num_attention_heads * config.attention_head_dim;
  const unitsPerBlock = Math.trunc(width * config.mlp_ratio) / groupSize;
  const places = Array.from({ length: config.num_single_layers * unitsPerBlock }, (_, place) => ({
    block: Math.floor(place / unitsPerBlock),
    firstChannel: (place % unitsPerBlock) * groupSize,
  }));
  if (places.length < PLANTED + DECOYS) {
    throw new ProbeError(
      "cannot-plant",
      `${PLANTED + DECOYS} units are to be altered, but the single blocks have ${places.length} MLP groups. Leave the planted control out.`,
    );
  }
  if (pairs < 3 || pairs > width / 2) {
    throw new ProbeError(
      "cannot-plant",
      `An effect can be planted for 3 to ${width / 2} pairs in a model of width ${width}, but there are ${pairs}. Use a prompt set of another size.`,
    );
  }
  const random = createTorchGenerator(namedSeed("plant", seed));
  const draw = (count: number): Float32Array => random.randn([count]).data;
  const order = shuffle(places, draw(places.length));
  const units = order.slice(0, PLANTED + DECOYS).map((place, index): PlantedUnit => {
    const noise = standardize(draw(pairs));
    const sign = index % 2 === 0 ? 1 : -1;
    const steady = noise.map((value) => sign * EFFECT * (1 + value / COHENS_DZ));
    const signs = draw(pairs);
    const isPlanted = index < PLANTED;
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
  return { schemaVersion: 1, seed, effect: EFFECT, cohensDz: COHENS_DZ, gain: GAIN, groupSize, units };
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
