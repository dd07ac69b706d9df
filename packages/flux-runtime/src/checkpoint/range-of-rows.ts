import { elementCount } from "../tensor.ts";
import type { LocatedWeight } from "./located-weight.ts";
import type { SafetensorsEntry } from "./safetensors-header.ts";

/** Some neighbouring rows of a tensor as a tensor of their own, with their part of a scale that has a number for each row. */
export function rangeOfRows<Entry extends SafetensorsEntry & Pick<LocatedWeight, "scale">>(
  entry: Entry,
  start: number,
  count: number,
): Entry {
  const [rows = 0, ...rest] = entry.shape;
  const rowLength = entry.byteLength / rows; // bytes
  const { scale } = entry;
  return {
    ...entry,
    shape: [count, ...rest],
    byteOffset: entry.byteOffset + start * rowLength,
    byteLength: count * rowLength,
    ...(scale !== undefined && elementCount(scale.shape) > 1 && { scale: rangeOfRows(scale, start, count) }),
  };
}
