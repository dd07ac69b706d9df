import type { Projection } from "./projections.ts";

/** The projections of a model's graphs with those in an If's second branch joined to their twins in the first. */
export function joinTwins<Found extends Projection>(projections: readonly Found[]): Found[] {
  const keyOf = ({ scope, node, weight, op }: Projection, branch: RegExp): string =>
    JSON.stringify([scope.replace(branch, ""), node, weight, op]);
  const [first, second] = [/\/then_branch$/, /\/else_branch$/];
  const twins = new Map(
    projections.filter(({ scope }) => second.test(scope)).map((found) => [keyOf(found, second), found]),
  );
  const joined = new Set<Found>();
  const result = projections.map((found): Found => {
    const twin = first.test(found.scope) ? twins.get(keyOf(found, first)) : undefined;
    if (twin === undefined || joined.has(twin)) return found;
    joined.add(twin);
    return { ...found, twin };
  });
  return result.filter((_, index) => {
    const found = projections[index];
    return found === undefined || !joined.has(found);
  });
}
