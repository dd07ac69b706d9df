import type { SetAxis, TestedSet } from "@measure-plantain/paired-stats";
import type { SetKind } from "@measure-plantain/probe";
import type { AxisResult } from "../statistics/axis/analyze-axis.ts";
import { itemAt } from "../reading.ts";
import { ALPHA } from "../statistics/alpha.ts";

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
    readonly kind: Exclude<SetKind, "all">;
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
  /** Product of the mean differences of two halves of the pairs over the mean square of a difference, in the median over halvings. */
  readonly splitHalfShare: TestedInSet;
  /** Cosine between the mean differences of two halves, in the median over halvings; flips cannot test it. */
  readonly splitHalfCosine: number;
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
  /** Over all sets of its kind. */
  readonly familyWiseP: number;
}

/** What {@link AxisResult} says in brief. */
export function summarizeAxis({ kind, families }: AxisResult): AxisSummary {
  const [all, ...parts] = families;
  if (all === undefined) throw new RangeError("summary: a response has at least the set of everything");
  const { axis } = all;
  const ofFamily = ({ addresses, axis: { sets } }: AxisResult["families"][number]): SetAxisSummary[] =>
    addresses.map((address, set) => summarizeSet(address, itemAt(sets, set)));
  const [whole] = ofFamily(all);
  if (whole === undefined) throw new RangeError("summary: the set of everything is one set");
  const [strongest = null] = parts
    .flatMap(ofFamily)
    .toSorted((one, other) => other.projection.observed - one.projection.observed);
  return {
    kind,
    labellings: axis.labellings,
    splits: axis.splits,
    whole,
    strongest,
    alpha: ALPHA,
    significant: parts.flatMap((family) => {
      const own = ofFamily(family);
      const count = own.filter(({ projection }) => projection.familyWiseP <= ALPHA).length;
      return family.kind === "all" ? [] : [{ kind: family.kind, sets: own.length, count }];
    }),
    projections: Array.from(itemAt(axis.sets, 0).projections),
  };
}

function summarizeSet(
  address: string,
  { projection, meanShare, splitHalfShare, splitHalfCosine, firstComponent }: SetAxis,
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
    splitHalfShare: brief(splitHalfShare),
    splitHalfCosine,
    firstComponentShare: firstComponent.share,
    firstComponentCosine: firstComponent.cosine,
  };
}
