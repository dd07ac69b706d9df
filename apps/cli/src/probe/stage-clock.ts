import type { ProcessMemory } from "@measure-plantain/flux-runtime";
import type { StageRecord } from "../run-folder/manifest.ts";

/** Measures the stages of a run one after the other. */
export interface StageClock {
  /** Runs a stage, whose sessions tell `onPeakMemory` what their processes held at most. */
  measure<Result>(
    stage: string,
    run: (watch: { onPeakMemory: (memory: ProcessMemory) => void }) => Promise<Result>,
  ): Promise<Result>;
  /** The stages so far. */
  readonly records: readonly StageRecord[];
}

export function createStageClock(): StageClock {
  const records: StageRecord[] = [];
  return {
    records,
    async measure(stage, run) {
      const began = performance.now();
      let peak: ProcessMemory = { resident: 0, private: 0 };
      try {
        return await run({
          onPeakMemory: (memory) => {
            peak = {
              resident: Math.max(peak.resident, memory.resident),
              private: Math.max(peak.private, memory.private),
            };
          },
        });
      } finally {
        records.push({
          stage,
          seconds: Number(((performance.now() - began) / 1_000).toFixed(3)),
          peakPrivateMemory: peak.private,
          peakResidentMemory: peak.resident,
        });
      }
    },
  };
}
