/**
 * The fewest insertions, deletions and replacements of characters (code points) that turn `a` into `b`.
 *
 * Source: Wagner & Fischer, "The String-to-String Correction Problem", J. ACM 21 (1974), one row at a time.
 */
export function editDistance(a: string, b: string): number {
  const from = Array.from(a);
  const to = Array.from(b);
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  // row[j] is the distance between the characters of `from` seen so far and the first j of `to`.
  let row = Array.from({ length: to.length - start + 1 }, (_, j) => j);
  for (const [i, character] of from.slice(start).entries()) {
    let left = i + 1;
    let diagonal = i;
    const next = [left];
    for (const [j, other] of to.slice(start).entries()) {
      const above = row[j + 1] ?? Infinity;
      left = Math.min(left + 1, above + 1, character === other ? diagonal : diagonal + 1);
      next.push(left);
      diagonal = above;
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
