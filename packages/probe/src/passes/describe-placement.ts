import type { StageRecord } from "../run-folder/manifest.ts";

/**
 * Says for each traced stage how many nodes ran on the provider of the run, and which ran elsewhere.
 *
 * @returns One line a stage; none where nothing was traced.
 */
export function describePlacement(stages: readonly StageRecord[], provider: string): string[] {
  return stages.flatMap(({ stage, placement }) => {
    if (placement === undefined) return [];
    const { [provider]: own = {}, ...others } = placement;
    const elsewhere = Object.entries(others).flatMap(([other, operators]) =>
      Object.entries(operators).map(([operator, nodes]) => `${operator} × ${nodes} on ${other}`),
    );
    const count = Object.values(own).reduce((sum, nodes) => sum + nodes, 0);
    const all = elsewhere.length === 0 ? `all ${count} nodes` : `${count} nodes`;
    const rest = elsewhere.length === 0 ? "" : `, but elsewhere ${elsewhere.join(", ")}`;
    return [`Placement, ${stage}: ${all} on ${provider}${rest}.`];
  });
}
