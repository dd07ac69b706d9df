import type { WeightEntry } from "./sharded-weights.ts";

/** A weight and the place of its file as an ONNX initializer names it. */
export interface LocatedWeight extends WeightEntry {
  /** The file's path relative to the component's `externalDataFolder`, with `/` between its parts. */
  readonly location: string;
  /** Whether the two halves of its rows stand the other way round than a graph takes them. */
  readonly halves?: "exchanged";
  /** What its stored values are multiplied by: one number, or one for each row. */
  readonly scale?: LocatedWeight;
  /** Why its stored values cannot be read, if they were quantised in a way that is not known here. */
  readonly unreadable?: {
    /** What it is, as in "the folder holds …". */
    readonly what: string;
    /** What shows it. */
    readonly evidence: string;
  };
}

/** A kind of quantised weight that this package does not read. */
export type UnreadableKind = NonNullable<LocatedWeight["unreadable"]>;
