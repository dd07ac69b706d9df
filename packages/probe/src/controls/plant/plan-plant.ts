import { createTorchGenerator, type TransformerConfig } from "@measure-plantain/flux-runtime";
import { formatUnitAddress } from "@measure-plantain/head-hooks";
import { namedSeed } from "../../settings/named-seed.ts";
import { ProbeError } from "../../probe-error.ts";
import {
  countAnswers,
  drawAnswers,
  drawDecoy,
  shuffle,
  type AnswerDesign,
  type Draw,
  type PlantKind,
} from "./draw-answers.ts";

/** Units that respond to the contrast. */
const PLANTED = 8;

/** Units that are altered alike, but respond to the pairs in random directions. */
const DECOYS = 8;

/** By how much of itself a planted unit's root mean square changes from a to b, in the mean over the pairs. */
const EFFECT = 0.01;

/**
 * The standard deviation over the levels of a crossed set, likewise. Less than for pairs: as many answers as there are cells need a
 * longer direction, along which the tokens of one prompt differ, too, and the root mean square has the square of that in it.
 */
const EFFECT_ON_CELLS = 0.003;

/** The effect over the standard deviation of what is drawn for each pair or cell. */
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
  /**
   * Of a contrast, the relative change of its root mean square from a to b that is aimed at, for each pair; else its relative
   * deviation from the mean over all cells, for each cell [rows × levels].
   */
  readonly answers: readonly number[];
}

/** Which units are altered, and how each is to respond. Plain data: `plant.json` holds it. */
export interface PlantPlan {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** What the planted units respond to. */
  readonly kind: PlantKind;
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

/** What a plan is drawn for. */
export interface PlantShape {
  /** What is answered to. */
  readonly design: AnswerDesign;
  /** Channels per unit. */
  readonly groupSize: number;
  /** Decides which units are altered and how each responds. */
  readonly seed: number;
}

/**
 * Draws units of the single blocks' MLPs and what each answers to every pair, or to every cell of a crossed set.
 *
 * A planted unit's differences have exactly the planned mean and standard deviation over the pairs, so its t is about
 * `COHENS_DZ · √pairs`; half of the units grow from a to b, half shrink. A decoy's differences are as large, each with a
 * random sign: a and b differ in every pair, but not in one direction over the pairs. In a crossed set the same is true of the levels
 * of the graded factor: a decoy answers as strongly to them, but in each row in another order.
 *
 * @throws {ProbeError} `cannot-plant` if there are too few units, or too few or too many answers for the model's width.
 */
export function planPlant(config: TransformerConfig, { design, groupSize, seed }: PlantShape): PlantPlan {
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
  requireRoom(design, width);
  const random = createTorchGenerator(namedSeed("plant", seed));
  const draw: Draw = (count) => random.randn([count]).data;
  const order = shuffle(places, draw(places.length));
  const size = { effect: design.kind === "contrast" ? EFFECT : EFFECT_ON_CELLS, cohensDz: COHENS_DZ };
  const units = order.slice(0, PLANTED + DECOYS).map((place, index): PlantedUnit => {
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
      answers: isPlanted
        ? drawAnswers(design, index % 2 === 0 ? 1 : -1, size, draw)
        : drawDecoy(design, size, draw),
    };
  });
  return { schemaVersion: 1, kind: design.kind, seed, ...size, gain: GAIN, groupSize, units };
}

/** The inputs of as many prompts must differ independently: there are only so many directions. */
function requireRoom(design: AnswerDesign, width: number): void {
  const count = countAnswers(design);
  const [least, most, what] =
    design.kind === "contrast" ? [3, width / 2, "pairs"] : [9, (3 * width) / 4 + 1, "cells"];
  if (count >= least && count <= most) return;
  throw new ProbeError(
    "cannot-plant",
    `An effect can be planted for ${least} to ${most} ${what} in a model of width ${width}, but there are ${count}. Use a prompt set of another size.`,
  );
}
