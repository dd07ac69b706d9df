/**
 * The names most like a text, best first: by the share of letter pairs that both have (Dice's coefficient over
 * character bigrams, each counted as often as it occurs).
 */
export function nearestNames(text: string, names: Iterable<string>, count: number): string[] {
  const wanted = bigrams(text);
  return [...new Set(names)]
    .map((name) => ({ name, likeness: likeness(wanted, bigrams(name)) }))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, count)
    .map(({ name }) => name);
}

function bigrams(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < text.length; i++) {
    const pair = text.slice(i, i + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}

function likeness(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0;
  let total = 0;
  for (const [pair, count] of a) {
    shared += Math.min(count, b.get(pair) ?? 0);
    total += count;
  }
  for (const count of b.values()) total += count;
  return total === 0 ? 0 : (2 * shared) / total;
}
