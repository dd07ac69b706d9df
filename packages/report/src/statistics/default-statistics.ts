import type { PlannedStatistics } from "@measure-plantain/probe";
import { DEFAULT_FLIPS } from "./flips.ts";

/** What is computed from the captures of a run unless other flips are asked for, as a plan names it. */
export const DEFAULT_STATISTICS: PlannedStatistics = {
  thresholds: [3, 5],
  flips: DEFAULT_FLIPS,
  seed: 0,
};
