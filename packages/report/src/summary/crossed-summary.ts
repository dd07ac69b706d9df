import type { GranularityName } from "@measure-plantain/probe";
import { median } from "d3-array";
import type { SetKind } from "@measure-plantain/probe";
import { ALPHA } from "../statistics/alpha.ts";
import type { CrossedGranularity, UnitResponse } from "../statistics/crossed/analyze-crossed.ts";
import type { ResponseKind, TransferFamily, TransferResult } from "../statistics/crossed/analyze-transfer.ts";
import type { CrossedResult } from "../statistics/crossed/crossed-result.ts";
import { itemAt, valueAt } from "../reading.ts";
import {
  channelsPerUnit,
  summarizeTested,
  summarizeThresholds,
  type TestedSummary,
  type ThresholdSummary,
} from "./granularity-summary.ts";

/** What a crossed set shows: the graded factor apart from the others. */
export interface CrossedSummary {
  /** The graded factor, as `size`. */
  readonly contrast: string;
  /** Its levels, ascending. */
  readonly levels: readonly { readonly id: string; readonly grade: number }[];
  /** Each combination of the levels of the other factors, as `cube`. */
  readonly rows: readonly string[];
  /** The error rate of every "significant" here. */
  readonly alpha: number;
  /** The units of each granularity, by their root mean squares. */
  readonly granularities: readonly GranularityCrossed[];
  /** Directions found on all rows but one, tried on that one. */
  readonly transfers: readonly TransferSummary[];
}

/** The units of one granularity over the cells. */
export interface GranularityCrossed {
  /** What its units are. */
  readonly name: GranularityName;
  /** Channels per unit; `null` if they differ. */
  readonly channelsPerUnit: number | null;
  /** Units that vary between the cells. */
  readonly testedUnits: number;
  /** Medians over the tested units of the shares of a unit's sum of squares; `linear` is a part of `level`. */
  readonly shares: {
    readonly level: number;
    readonly linear: number;
    readonly row: number;
    readonly interaction: number;
  };
  /** Units whose slopes on the grade have |t| over each threshold, over the rows. */
  readonly slopes: readonly ThresholdSummary[];
  /** The greatest |t| of a unit's slopes; `null` if nothing varies. */
  readonly maximum: (TestedSummary & { readonly address: string }) | null;
  /** The part of the level effect that is linear in the grade, in the mean over the units, against all orders of the levels. */
  readonly order: TestedSummary | null;
  /** How many units follow what. */
  readonly follows: Readonly<Record<UnitResponse, number>>;
}

/** What transfer says of one set of channels. */
export interface SetTransferSummary {
  /** The set. */
  readonly address: string;
  /** Mean over the rows of Pearson's r between the scores of a row's levels and the grades. */
  readonly r: number;
  /** Against orders that each row has for itself. */
  readonly p: number;
  /** The same, over all sets of its kind. */
  readonly familyWiseP: number;
  /** Against orders that all rows share; `null` for two levels. */
  readonly orderP: number | null;
  /** The mean cosine between the level patterns of two rows, in whatever order. */
  readonly consistency: number;
  /** Of that. */
  readonly consistencyP: number;
}

/**
 * What the responses of all units together follow: `axis`, a direction that orders the levels of rows it was not found on, in the
 * grades' order rather than another; `levels`, the levels alike in all rows, but not shown to be in the grades' order; `none`.
 */
export type AxisVerdict = "axis" | "levels" | "none";

/** Whether directions transfer between rows, for one kind of response. */
export interface TransferSummary {
  /** What was measured. */
  readonly kind: ResponseKind;
  /** What all channels together follow. */
  readonly verdict: AxisVerdict;
  /** All channels together. */
  readonly whole: SetTransferSummary;
  /** The set with the greatest r among blocks, heads and sections; `null` if there are none. */
  readonly strongest: SetTransferSummary | null;
  /**
   * How many sets of each kind there are, how many transfer family-wise, and in how many of these the order is the grades', too: of
   * those, `alpha` of the sets are expected by chance where any order of the levels is as likely.
   */
  readonly significant: readonly {
    readonly kind: Exclude<SetKind, "all">;
    readonly sets: number;
    readonly transferring: number;
    readonly ordered: number;
  }[];
  /** The scores of each row's levels on the direction of the other rows, all channels together, [rows][levels]. */
  readonly scores: readonly (readonly number[])[];
  /** r of each row. */
  readonly rowR: readonly number[];
}

/** What a crossed set shows in brief. */
export function summarizeCrossed({ cells, granularities, transfers }: CrossedResult): CrossedSummary {
  return {
    contrast: cells.contrast.name,
    levels: cells.contrast.levels.flatMap(({ id, grade }) => (grade === undefined ? [] : [{ id, grade }])),
    rows: cells.rows.map(({ id }) => id),
    alpha: ALPHA,
    granularities: granularities.map(summarizeGranularityCrossed),
    transfers: transfers.map((transfer) => summarizeTransfer(transfer, cells.grades.length)),
  };
}

function summarizeGranularityCrossed({
  name,
  records,
  effects,
  slopes,
  order,
  follows,
}: CrossedGranularity): GranularityCrossed {
  const degenerate = new Set(effects.degenerateUnits);
  const testedUnits = records.length - degenerate.size;
  const middle = (shares: Float64Array): number =>
    median(shares.filter((_, unit) => !degenerate.has(unit))) ?? 0;
  const { t } = effects.slope;
  const strongest = t.reduce(
    (most, value, unit) => (Math.abs(value) > Math.abs(valueAt(t, most)) ? unit : most),
    0,
  );
  const count = (response: UnitResponse): number => follows.filter((each) => each === response).length;
  return {
    name,
    channelsPerUnit: channelsPerUnit(records),
    testedUnits,
    shares: {
      level: middle(effects.levelShare),
      linear: middle(effects.linearShare),
      row: middle(effects.objectShare),
      interaction: middle(effects.interactionShare),
    },
    slopes: summarizeThresholds(slopes, testedUnits),
    maximum:
      slopes === null
        ? null
        : {
            address: itemAt(records, strongest).address,
            ...summarizeTested(slopes.maximum),
          },
    order: order && summarizeTested(order.meanPart),
    follows: { grade: count("grade"), rows: count("rows"), levels: count("levels"), none: count("none") },
  };
}

function summarizeTransfer({ kind, families }: TransferResult, levels: number): TransferSummary {
  const [all, ...parts] = families;
  if (all === undefined) throw new RangeError("summary: a transfer has at least the set of everything");
  const whole = describeSet(all, 0);
  const sets = parts.flatMap((family) => family.addresses.map((_, set) => describeSet(family, set)));
  const [strongest = null] = sets.toSorted((one, other) => other.r - one.r);
  const { scores, r } = itemAt(all.withinRows.sets, 0).perObject;
  return {
    kind,
    verdict: judge(whole),
    whole,
    strongest,
    significant: parts.flatMap((family) => {
      const own = family.addresses.map((_, set) => describeSet(family, set));
      const transferring = own.filter(({ familyWiseP }) => familyWiseP <= ALPHA);
      const ordered = transferring.filter(({ orderP }) => (orderP ?? 0) <= ALPHA);
      return family.kind === "all"
        ? []
        : [
            {
              kind: family.kind,
              sets: own.length,
              transferring: transferring.length,
              ordered: ordered.length,
            },
          ];
    }),
    scores: splitRows(scores, levels),
    rowR: Array.from(r),
  };
}

function describeSet(
  { addresses, withinRows, commonOrders, consistency }: TransferFamily,
  set: number,
): SetTransferSummary {
  const { observed, p, familyWiseP } = itemAt(withinRows.sets, set);
  const alike = itemAt(consistency.sets, set);
  return {
    address: itemAt(addresses, set),
    r: observed,
    p,
    familyWiseP,
    orderP: commonOrders && itemAt(commonOrders.sets, set).p,
    consistency: alike.observed,
    consistencyP: alike.p,
  };
}

function judge({ p, orderP, consistencyP }: SetTransferSummary): AxisVerdict {
  if (p <= ALPHA && (orderP ?? 0) <= ALPHA) return "axis";
  return consistencyP <= ALPHA ? "levels" : "none";
}

function splitRows(scores: Float64Array, levels: number): number[][] {
  return Array.from({ length: scores.length / levels }, (_, row) =>
    Array.from(scores.subarray(row * levels, (row + 1) * levels)),
  );
}
