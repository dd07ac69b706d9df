import type { ControlResults } from "../statistics/run-results.ts";
import type { PlantScore } from "../statistics/score-plant.ts";

/** A control in which an effect was planted, and what the probe found of it. */
export interface ScoredPlant {
  readonly name: string;
  readonly score: PlantScore;
}

/** The positive controls among a run's controls. */
export function listPlants(controls: readonly ControlResults[]): ScoredPlant[] {
  return controls.flatMap(({ name, comparison: { plant } }) => (plant ? [{ name, score: plant }] : []));
}
