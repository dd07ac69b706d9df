import {
  headMeanSquares,
  headRecords,
  type UnitLayout,
  type UnitRecord,
  unitRecords,
} from "@measure-plantain/head-hooks";
import { float32Resolution, type Matrix } from "@measure-plantain/paired-stats";
import type { SegmentName } from "./token-segments.ts";
import { valueAt } from "../reading.ts";

/** What a probe run measured. */
export interface Captures {
  /** Which unit has which place on the last axis. */
  readonly layout: UnitLayout;
  /** Over all tokens. */
  readonly meanSquare: MeanSquares;
  /** The repetitions that it is the mean of, if there were several. */
  readonly replicates?: ReplicateSquares;
  /** Over one part of the tokens each, if they were captured apart. */
  readonly segments?: Readonly<Partial<Record<SegmentName, MeanSquares>>>;
  /** The mean of every channel over all tokens, with its sign, if it was captured. */
  readonly signed?: ChannelMeans;
  /** What the transformer is fed of the prompts; absent in folders of runs that did not store it. */
  readonly embeddings?: PromptEmbeddings;
}

/** The embeddings of the prompts, padding included, as far as a run stores them. */
export interface PromptEmbeddings {
  /** The Frobenius norm of e_b − e_a over tokens and channels, one value a pair. */
  readonly distance: { readonly data: Float32Array; readonly shape: readonly [pairs: number] };
  /** The mean of each embedding over its tokens, pairs × conditions × channels. */
  readonly mean: {
    readonly data: Float32Array;
    readonly shape: readonly [pairs: number, conditions: 2, channels: number];
  };
}

/**
 * Means [pairs, conditions, channels] over the tokens; condition 0 is a, 1 is b. Unit u holds the channels from
 * u · `layout.groupSize` on, that many of them.
 */
export interface ChannelMeans {
  /** In row-major order. */
  readonly data: Float32Array;
  /** Two conditions of each pair. */
  readonly shape: readonly [pairs: number, conditions: 2, channels: number];
}

/** Mean squares [pairs, conditions, units]; condition 0 is a, 1 is b. */
export interface MeanSquares {
  /** In row-major order. */
  readonly data: Float32Array;
  /** Two conditions of each pair. */
  readonly shape: readonly [pairs: number, conditions: 2, units: number];
}

/**
 * What is called a unit: a `group` of channels of any visible projection, a real attention `head`, a group of `mlp`
 * channels (these are among the groups too), or a group of the text stream's projection `to_add_out`.
 */
export type GranularityName = "group" | "head" | "mlp" | "to_add_out";

/** Mean squares [repetitions, pairs, conditions, units]: every pass under another noise, fixed image or noise level. */
export interface ReplicateSquares {
  /** In row-major order. */
  readonly data: Float32Array;
  /** As of the mean, with the repetitions first. */
  readonly shape: readonly [replicates: number, pairs: number, conditions: 2, units: number];
}

/** The units of one granularity and what each responded under both conditions. */
export interface Granularity {
  /** What its units are. */
  readonly name: GranularityName;
  /** Which units they are, in the order of the columns. */
  readonly records: readonly UnitRecord[];
  /** Root mean squares [pairs, units] under condition a, float64. */
  readonly a: Matrix;
  /** Root mean squares [pairs, units] under condition b, float64. */
  readonly b: Matrix;
}

/** The kind of the sections that hold MLP channels. */
const MLP = "mlp";
/** The kind of the sections that belong to the text stream's projection. */
const TEXT_STREAM = "to_add_out";

/**
 * Splits the captured mean squares into granularities, each on its own: `group`, `head`, `mlp`, and `to_add_out` where
 * it was tapped. A granularity without units is left out.
 *
 * @throws RangeError if the data does not fit its shape or the layout.
 * @example
 * const heads = splitByGranularity(captures).find(({ name }) => name === "head");
 * heads?.a.shape; // [25, 100]
 */
export function splitByGranularity({ layout, meanSquare }: Captures): Granularity[] {
  const { data, shape } = meanSquare;
  const [pairs, conditions, units] = shape;
  if (data.length !== pairs * 2 * units || units !== layout.unitCount)
    throw new RangeError(
      `captures: expected [pairs, 2, ${layout.unitCount}] mean squares, received [${shape.join(", ")}] with ` +
        `${data.length} values; read them again, or take the layout they were captured with`,
    );
  const records = unitRecords(layout);
  const named = (name: GranularityName, accepts: (kind: string) => boolean): Granularity =>
    select(name, records, ({ kind }) => accepts(kind), meanSquare);
  const isVisible = (kind: string): boolean => kind !== TEXT_STREAM;
  const all = [
    named("group", isVisible),
    ...(layout.headCount === 0
      ? []
      : [
          select("head", headRecords(layout), ({ kind }) => isVisible(kind), {
            data: headMeanSquares(meanSquare, layout).data,
            shape: [pairs, conditions, layout.headCount],
          }),
        ]),
    named(MLP, (kind) => kind === MLP),
    named(TEXT_STREAM, (kind) => kind === TEXT_STREAM),
  ];
  return all.filter((granularity) => granularity.records.length > 0);
}

/** Takes the columns of some units and the square root of every mean square. */
function select(
  name: GranularityName,
  records: readonly UnitRecord[],
  accepts: (record: UnitRecord) => boolean,
  { data, shape: [pairs, , units] }: { data: Float32Array | Float64Array; shape: MeanSquares["shape"] },
): Granularity {
  const columns = [...records.entries()].filter(([, record]) => accepts(record)).map(([column]) => column);
  const rootMeanSquares = (condition: 0 | 1): Matrix => {
    const roots = new Float64Array(pairs * columns.length);
    for (let pair = 0; pair < pairs; pair++) {
      const row = (2 * pair + condition) * units;
      for (const [place, column] of columns.entries())
        roots[pair * columns.length + place] = Math.sqrt(valueAt(data, row + column));
    }
    // the mean squares were measured in float32, which the differences of their roots inherit
    return { data: roots, shape: [pairs, columns.length], resolution: float32Resolution(roots) };
  };
  return {
    name,
    records: records.filter(accepts),
    a: rootMeanSquares(0),
    b: rootMeanSquares(1),
  };
}
