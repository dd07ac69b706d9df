import type { WeightEntry } from "./sharded-weights.ts";

/** A weight and the place of its file as an ONNX initializer names it. */
export interface LocatedWeight extends WeightEntry {
  /** The file's path relative to the component's `externalDataFolder`, with `/` between its parts. */
  readonly location: string;
  /** Whether the two halves of its rows stand the other way round than a graph takes them. */
  readonly halves?: "exchanged";
}
