import { HeadHooksError } from "../head-hooks-error.ts";
import { nearestNames } from "../nearest-names.ts";
import { matchNames, type NameMatch } from "./name-pattern.ts";
import type { Projection } from "./projection.ts";

/**
 * Which projections are meant: a glob that matches the whole name (`*` within a segment, `**` across `.` and `/`), or a
 * regular expression, matched against `Projection.names`; or a projection that was listed.
 */
export type ProjectionPattern = string | RegExp | Projection;

/** Whether two listings mean the same projection; the place of its node may have changed. */
export function isSameProjection(a: Projection, b: Projection): boolean {
  return a.node === b.node && a.weight === b.weight && a.input === b.input && a.scope === b.scope;
}

/**
 * The projections that are meant, each with what its pattern matched.
 *
 * @throws HeadHooksError `no-match` with the nearest names.
 */
export function matchProjections(
  projections: readonly Projection[],
  wanted: ProjectionPattern,
): { projection: Projection; match: NameMatch }[] {
  if (typeof wanted === "object" && !(wanted instanceof RegExp)) {
    const projection = projections.find((candidate) => isSameProjection(candidate, wanted));
    if (projection !== undefined) {
      return [{ projection, match: { name: projection.path, captures: [], groups: new Map() } }];
    }
    throw new HeadHooksError(
      "no-match",
      `the model does not have ${describe(wanted)}; take the projection from a listing of this very model`,
      { at: labelOf(wanted), nearest: [] },
    );
  }
  const found = matchNames(projections, wanted).map(({ named, match }) => ({ projection: named, match }));
  if (found.length > 0) return found;
  const at = labelOf(wanted);
  if (projections.length === 0) {
    throw new HeadHooksError(
      "no-match",
      `"${at}" matches nothing: the model has no node that multiplies by a constant matrix (MatMul, Gemm or a fused or quantised form); convolutions and recurrent layers cannot be tapped`,
      { at, nearest: [] },
    );
  }
  const names = projections.flatMap(({ names }) => names);
  const nearest = nearestNames(at, names, 5);
  throw new HeadHooksError(
    "no-match",
    `"${at}" matches none of the model's ${projections.length} projections; the nearest names are ${nearest.join(", ")}. A glob must match the whole name; listProjections shows all`,
    { at, nearest },
  );
}

/** How a projection is called in messages. */
export function describe({ node, op, weight }: Projection): string {
  return node === "" ? `the ${op} of ${weight}` : `${op} ${node}`;
}

/** How a pattern is called in messages. */
export function labelOf(at: ProjectionPattern): string {
  return typeof at === "string" || at instanceof RegExp ? String(at) : at.node || at.weight;
}
