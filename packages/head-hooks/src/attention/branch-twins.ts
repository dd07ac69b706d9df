import { graphHolder, holderIndex } from "../graph/graph-scope.ts";
import type { ModelView } from "../graph/read-model.ts";
import type { Projection } from "./projection.ts";

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

/** Whether a projection has a place in the main graph: it stands there, or in both branches of an If there. */
export function isLiftable(view: ModelView, projection: Projection): boolean {
  return projection.scope === "" || (projection.twin !== null && branchingNode(view, projection) >= 0);
}

/** The If of the main graph with a projection in its first branch, by its index; −1 if there is none. */
export function branchingNode({ nodes }: ModelView, { scope }: Projection): number {
  const index = holderIndex(nodes, scope);
  const node = nodes[index];
  return node?.opType === "If" && scope === `${graphHolder(node, index)}/then_branch` ? index : -1;
}
