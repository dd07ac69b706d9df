/** A record without some of its keys. */
export function omit<Type extends object, Key extends keyof Type & string>(
  record: Type,
  keys: readonly Key[],
): Omit<Type, Key> {
  const omitted: ReadonlySet<string> = new Set(keys);
  const kept = Object.entries(record).filter(([key]) => !omitted.has(key));
  return Object.fromEntries(kept) as Omit<Type, Key>; // its entries but for those keys
}
