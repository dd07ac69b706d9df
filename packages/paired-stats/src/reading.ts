/** A number of a typed array at a place that the caller has reason to believe in; outside it throws. */
export function valueAt(values: Float64Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(index, values.length);
  return value;
}

/** The same for whole numbers (kept apart so that each accessor sees one kind of array and stays fast). */
export function integerAt(values: Uint32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw outside(index, values.length);
  return value;
}

/** The same for plain arrays. */
export function itemAt<T extends object | number | string>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw outside(index, items.length);
  return item;
}

function outside(index: number, length: number): RangeError {
  return new RangeError(`index ${index} is outside an array of ${length}`);
}
