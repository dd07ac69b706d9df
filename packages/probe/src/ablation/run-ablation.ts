import { buildTransformerModel, openTransformer } from "@measure-plantain/flux-runtime";
import { hookModel, unitFactors } from "@measure-plantain/head-hooks";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { itemAt } from "../reading.ts";
import { sha256 } from "../sha256.ts";
import { planTaps } from "../captures/plan-taps.ts";
import type { ProbeContext } from "../passes/probe-context.ts";
import { listReplicates } from "../settings/replicates.ts";
import type { Captures } from "../captures/granularities.ts";
import type { AblationStatistic, SetEffects } from "./ablation.ts";
import { ablatePair, type PairRecord } from "./ablate-pair.ts";
import type { PairNorms } from "./ablation-statistics.ts";
import type { PassInputs } from "../passes/pass-inputs.ts";

/** What the ablation of some sets did, for all pairs. */
export interface AblatedSets {
  readonly norms: readonly PairNorms[];
  readonly deviationFromRun: number;
  /** In the order of the sets. */
  readonly effects: readonly SetEffects[];
}

/**
 * Runs every pass of the pairs once as it is and once for each set, with the set's units at 0 on their way into the output
 * projections. Pairs that were done before a run was cut short are not run again.
 *
 * @param sets - Addresses of units or heads; equal sets are run once.
 * @throws {ProbeError} if the passes without ablation are not those of the run, or do not depend on the condition.
 */
export async function runAblation(
  context: ProbeContext,
  inputs: PassInputs,
  { captures, sets }: { readonly captures: Captures; readonly sets: readonly (readonly string[])[] },
): Promise<AblatedSets> {
  const { checkpoint, promptSet, settings, pairs, folder, reporter, clock, runtime } = context;
  const distinct = new Map(sets.map((units) => [units.toSorted().join(), units]));
  const key = sha256(JSON.stringify([[...distinct.keys()], runtime.device, runtime.dtype])).slice(0, 16);
  const store = `ablation-${key}`;
  await mkdir(folder.file("cache", store), { recursive: true });
  const records = new Map<number, PairRecord>();
  for (const pair of pairs) {
    const path = folder.file("cache", store, `${pair}.json`);
    if (existsSync(path)) records.set(pair, JSON.parse(await readFile(path, "utf8")) as PairRecord); // written below
  }
  const missing = pairs.filter((pair) => !records.has(pair));
  const replicates = listReplicates(settings).length;
  const passesPerPair = 2 * replicates * (1 + distinct.size);
  reporter.note(
    `${missing.length} of ${pairs.length} pairs to do, ${missing.length * passesPerPair} passes: 2 conditions × ${replicates === 1 ? "" : `${replicates} repetitions × `}(1 + ${distinct.size} sets) for each.`,
  );
  if (missing.length > 0) {
    const { model, layout } = hookModel(buildTransformerModel(checkpoint, runtime), {
      taps: planTaps(checkpoint, settings.taps),
      groupSize: settings.groupSize,
      scale: true,
    });
    const factors = [...distinct.values()].map((units) =>
      unitFactors(layout, Object.fromEntries(units.map((address) => [address, 0]))),
    );
    await clock.measure("ablate", async (watch) => {
      const transformer = await openTransformer(checkpoint, {
        ...runtime,
        ...watch,
        rewriteGraph: () => model,
      });
      const reportDone = reporter.start("ablating", {
        unit: "passes",
        total: missing.length * passesPerPair,
      });
      let done = 0;
      const advance = (): void => {
        done += 1;
        reportDone(done);
      };
      try {
        for (const pair of missing) {
          const id = itemAt(promptSet.pairs, pair).id;
          const passes = { transformer, inputs, layout, replicates, advance };
          const record = await ablatePair(passes, { pair, id, captures, factors });
          await folder.writeJson(`cache/${store}/${pair}.json`, record);
          records.set(pair, record);
        }
      } finally {
        await transformer.close();
      }
    });
  }
  const inOrder = pairs.flatMap((pair) => records.get(pair) ?? []);
  const names = [...distinct.keys()];
  return {
    norms: inOrder.map(({ norms }) => norms),
    deviationFromRun: Math.max(...inOrder.map(({ deviation }) => deviation)),
    effects: sets.map((units) => {
      const place = names.indexOf(units.toSorted().join());
      const take = (statistic: AblationStatistic): number[] =>
        inOrder.map(({ effects }) => itemAt(effects, place)[statistic]);
      return {
        units,
        contrastMoved: take("contrastMoved"),
        contrastSize: take("contrastSize"),
        disturbance: take("disturbance"),
      };
    }),
  };
}
