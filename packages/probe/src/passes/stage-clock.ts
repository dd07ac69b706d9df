import type { NodePlacement, ProcessMemory } from "@measure-plantain/flux-runtime";
import type { StageRecord } from "../run-folder/manifest.ts";

/** What a stage's sessions are given to tell about themselves. */
export interface StageWatch {
  readonly onPeakMemory: (memory: ProcessMemory) => void;
  /** Only where placement is traced. */
  readonly onPlacement?: (placement: readonly NodePlacement[]) => void;
}

/** Measures the stages of a run one after the other. */
export interface StageClock {
  /** Runs a stage, whose sessions tell `watch` what their processes held at most, and where their nodes ran. */
  measure<Result>(stage: string, run: (watch: StageWatch) => Promise<Result>): Promise<Result>;
  /** The stages so far. */
  readonly records: readonly StageRecord[];
}

/** @param options - `tracePlacement` records on which provider each node ran, at the price of a profiled first pass. */
export function createStageClock({
  tracePlacement = false,
}: { tracePlacement?: boolean | undefined } = {}): StageClock {
  const records: StageRecord[] = [];
  return {
    records,
    async measure(stage, run) {
      const began = performance.now();
      let peak: ProcessMemory = { resident: 0, private: 0 };
      const placement: Record<string, Record<string, number>> = {};
      try {
        return await run({
          onPeakMemory: (memory) => {
            peak = {
              resident: Math.max(peak.resident, memory.resident),
              private: Math.max(peak.private, memory.private),
            };
          },
          ...(tracePlacement && {
            onPlacement: (counts) => {
              for (const { provider, operator, nodes } of counts) {
                const operators = (placement[provider] ??= {});
                operators[operator] = (operators[operator] ?? 0) + nodes;
              }
            },
          }),
        });
      } finally {
        records.push({
          stage,
          seconds: Number(((performance.now() - began) / 1_000).toFixed(3)),
          peakPrivateMemory: peak.private,
          peakResidentMemory: peak.resident,
          ...(tracePlacement && { placement }),
        });
      }
    },
  };
}
