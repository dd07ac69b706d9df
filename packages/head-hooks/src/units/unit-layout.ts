import type { Reduction } from "./reductions.ts";
import { formatUnitAddress } from "./unit-address.ts";

/**
 * Which unit stands where on the last axis of the captured output. Plain data: `JSON.stringify` keeps all of it.
 *
 * Units stand in the order of the taps; within a tap, channels ascend.
 */
export interface UnitLayout {
  /** The name of the graph output that holds the units. */
  readonly outputName: string;
  /** Channels per unit. */
  readonly groupSize: number;
  /** Length of the output's last axis. */
  readonly unitCount: number;
  /** Number of real attention heads that the units make up; 0 if no section has heads. */
  readonly headCount: number;
  /** The tapped projections, in the order of their units. */
  readonly taps: readonly LayoutTap[];
  /** The parts of the taps, in the order of their units. */
  readonly sections: readonly LayoutSection[];
  /** What was computed of each unit; absent for the mean square. */
  readonly reduction?: Reduction;
  /** Whether each token has values of its own; absent if not. */
  readonly isPerToken?: boolean;
  /** Name of the graph output with the mean of every channel; absent if there is none. */
  readonly channelMeansOutput?: string;
  /** Name of the graph input with a factor per unit; absent if there is none. */
  readonly scaleInput?: string;
  /** Name of the graph input with what is added to each channel; absent if there is none. */
  readonly offsetInput?: string;
}

/** One tapped projection. */
export interface LayoutTap {
  /** Name of the projection's node. */
  readonly node: string;
  /** Name of the projection's weight. */
  readonly weight: string;
  /** Name of the tapped tensor. */
  readonly input: string;
  /** Index of its first unit among all units. */
  readonly firstUnit: number;
  /** How many units. */
  readonly unitCount: number;
  /** Name of the graph input with this tap's segment ranges; `null` where the output has no segments. */
  readonly segmentsInput: string | null;
  /** Name of the value that says which of its tokens count; absent if all do. */
  readonly maskInput?: string;
}

/** A run of a projection's input channels that belong together. */
export interface LayoutSection {
  /** Dotted path, the beginning of its units' addresses. */
  readonly path: string;
  /** What the section belongs to, as `single.2`. */
  readonly block: string;
  /** What the section is within its block, as `attn`. */
  readonly kind: string;
  /** Index into `taps`. */
  readonly tap: number;
  /** Its first channel in the projection's input. */
  readonly firstChannel: number;
  /** How many channels. */
  readonly channels: number;
  /** Index of its first unit among all units. */
  readonly firstUnit: number;
  /** How many units: channels divided by the group size. */
  readonly unitCount: number;
  /** The real attention heads that its channels hold; `null` if none are known. */
  readonly heads: LayoutHeads | null;
}

/** The attention heads of a section; head N is channels `[N · size, (N + 1) · size)` of it. */
export interface LayoutHeads {
  /** Dotted path, the beginning of the heads' addresses. */
  readonly path: string;
  /** Channels per head; a multiple of the group size. */
  readonly size: number;
  /** Index of the first of these heads among all heads. */
  readonly firstHead: number;
  /** How many heads. */
  readonly count: number;
}

/** One unit as the run folder's `units.json` holds it. */
export interface UnitRecord {
  /** The unit's address, as `single.2.attn[0:16]`. */
  readonly address: string;
  /** What its section belongs to, as `single.2`. */
  readonly block: string;
  /** What its section is within the block, as `attn`. */
  readonly kind: string;
  /** Channels `[start, stop)`, counted from the start of the section, as in the address. */
  readonly channels: readonly [start: number, stop: number];
}

/** The units' columns as typed arrays [units]. */
export interface UnitTable {
  /** Index into `layout.taps`. */
  readonly tap: Int32Array;
  /** Index into `layout.sections`. */
  readonly section: Int32Array;
  /** Index of the real head that the unit is a part of, as in {@link headRecords}; −1 if none. */
  readonly head: Int32Array;
  /** First channel, counted from the start of the section; the unit has `layout.groupSize` of them. */
  readonly start: Int32Array;
}

/**
 * The units as columns, for code that groups or filters many of them.
 *
 * @example
 * ```ts
 * const { head } = unitTable(layout);
 * const mlpUnits = head.reduce((count, index) => count + (index < 0 ? 1 : 0), 0);
 * ```
 */
export function unitTable(layout: UnitLayout): UnitTable {
  const table = {
    tap: new Int32Array(layout.unitCount),
    section: new Int32Array(layout.unitCount),
    head: new Int32Array(layout.unitCount).fill(-1),
    start: new Int32Array(layout.unitCount),
  };
  for (const [index, { tap, firstUnit, unitCount, heads }] of layout.sections.entries()) {
    for (let unit = 0; unit < unitCount; unit++) {
      const start = unit * layout.groupSize;
      table.tap[firstUnit + unit] = tap;
      table.section[firstUnit + unit] = index;
      table.start[firstUnit + unit] = start;
      if (heads !== null) table.head[firstUnit + unit] = heads.firstHead + Math.floor(start / heads.size);
    }
  }
  return table;
}

/**
 * The units one by one, in the order of the output's last axis.
 *
 * @example
 * ```ts
 * unitRecords(layout)[0]; // { address: "joint.0.to_out[0:16]", block: "joint.0", kind: "to_out", channels: [0, 16] }
 * ```
 */
export function unitRecords(layout: UnitLayout): UnitRecord[] {
  return layout.sections.flatMap(({ path, block, kind, unitCount }) =>
    Array.from({ length: unitCount }, (_, unit): UnitRecord => {
      const start = unit * layout.groupSize;
      const stop = start + layout.groupSize;
      const address = formatUnitAddress({ type: "group", path, start, stop });
      return { address, block, kind, channels: [start, stop] };
    }),
  );
}

/**
 * The real attention heads one by one, in the order of `headMeanSquares`' last axis; empty if no section has heads.
 * Their channels count from the start of their section.
 *
 * @example
 * ```ts
 * headRecords(layout)[5]; // { address: "joint.0.head.5", block: "joint.0", kind: "to_out", channels: [640, 768] }
 * ```
 */
export function headRecords(layout: UnitLayout): UnitRecord[] {
  return layout.sections.flatMap(({ block, kind, heads }) =>
    heads === null
      ? []
      : Array.from({ length: heads.count }, (_, head): UnitRecord => {
          const address = formatUnitAddress({ type: "head", path: heads.path, head });
          return { address, block, kind, channels: [head * heads.size, (head + 1) * heads.size] };
        }),
  );
}
