import type { SetAxis, TestedSet } from "@measure-plantain/paired-stats";
import type { ChannelSet } from "../statistics/axis/channel-sets.ts";
import type { AxisResult } from "../statistics/axis/analyze-axis.ts";
import { itemAt } from "../reading.ts";
import { ALPHA } from "./granularity-summary.ts";

/** Whether the differences of the pairs point in one direction, for one kind of response. */
export interface AxisSummary {
  /** `signed`: the mean over tokens of each channel; `embedding`: that of the prompt's embedding, before the transformer. */
  readonly kind: AxisResult["kind"];
  /** Random sign flips of the nulls. */
  readonly labellings: number;
  /** Halvings that the split-half cosine is the median of. */
  readonly splits: number;
  /** All channels together. */
  readonly whole: SetAxisSummary;
  /** The set with the greatest projection among blocks, heads and sections; `null` if there are none. */
  readonly strongest: SetAxisSummary | null;
  /** The error rate that sets are counted at. */
  readonly alpha: number;
  /** How many sets of each kind there are, and how many have a family-wise p of the projection of at most `alpha`. */
  readonly significant: readonly {
    readonly kind: Exclude<ChannelSet["kind"], "all">;
    readonly sets: number;
    readonly count: number;
  }[];
  /** Each pair's difference projected on the direction of the others, all channels together, in the order of the set. */
  readonly projections: readonly number[];
}

/** One set of channels. */
export interface SetAxisSummary {
  /** The set. */
  readonly address: string;
  /** Mean cosine of a pair's difference with the direction of all others. */
  readonly projection: TestedInSet;
  /** Share of the sum of squares along the mean difference. */
  readonly meanShare: TestedInSet;
  /** Cosine between the mean differences of two halves of the pairs, in the median over halvings. */
  readonly splitHalfCosine: TestedInSet;
  /** Share of the first principal component of the differences, which flips cannot test: the ceiling of `meanShare`. */
  readonly firstComponentShare: number;
  /** |cosine| of that component with the mean difference. */
  readonly firstComponentCosine: number;
}

/** A statistic of one set against sign flips. */
export interface TestedInSet {
  /** The statistic itself. */
  readonly observed: number;
  /** The 99th percentile of its null. */
  readonly nullP99: number;
  /** Of this set alone. */
  readonly p: number;
  /** Over all sets. */
  readonly familyWiseP: number;
}

/** What {@link AxisResult} says in brief. */
export function summarizeAxis({ kind, sets, axis }: AxisResult): AxisSummary {
  const describe = (set: number): SetAxisSummary => summarizeSet(itemAt(sets, set), itemAt(axis.sets, set));
  const projectionOf = (set: number): TestedSet => itemAt(axis.sets, set).projection;
  const parts = [...sets.keys()].filter((set) => itemAt(sets, set).kind !== "all");
  const strongest = parts.reduce<number | null>(
    (most, set) => (most === null || projectionOf(set).observed > projectionOf(most).observed ? set : most),
    null,
  );
  return {
    kind,
    labellings: axis.labellings,
    splits: axis.splits,
    whole: describe(0),
    strongest: strongest === null ? null : describe(strongest),
    alpha: ALPHA,
    significant: (["block", "head", "section"] as const).flatMap((setKind) => {
      const ofKind = parts.filter((set) => itemAt(sets, set).kind === setKind);
      const count = ofKind.filter((set) => projectionOf(set).familyWiseP <= ALPHA).length;
      return ofKind.length === 0 ? [] : [{ kind: setKind, sets: ofKind.length, count }];
    }),
    projections: Array.from(itemAt(axis.sets, 0).projections),
  };
}

function summarizeSet(
  { address }: ChannelSet,
  { projection, meanShare, splitHalfCosine, firstComponent }: SetAxis,
): SetAxisSummary {
  const brief = ({ observed, null: { p99 }, p, familyWiseP }: TestedSet): TestedInSet => ({
    observed,
    nullP99: p99,
    p,
    familyWiseP,
  });
  return {
    address,
    projection: brief(projection),
    meanShare: brief(meanShare),
    splitHalfCosine: brief(splitHalfCosine),
    firstComponentShare: firstComponent.share,
    firstComponentCosine: firstComponent.cosine,
  };
}
