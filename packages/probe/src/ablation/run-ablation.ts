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
import type { Source } from "./choose-sources.ts";
import type { PassInputs } from "../passes/pass-inputs.ts";
import { countReplacementPasses, measureReplacements } from "./replacements.ts";

/** What is ablated in which pairs. */
export interface AblationPlan {
  readonly captures: Captures;
  /** Addresses of units or heads, for each set and fold; within a fold equal sets are run once. */
  readonly sets: readonly (readonly (readonly string[])[])[];
  /** The pairs to run, by index, each with the fold whose sets it is run with and where its replacements come from. */
  readonly tests: readonly PairTest[];
}

/** How one pair is run. */
export interface PairTest {
  readonly pair: number;
  readonly fold: number;
  /** The prompts whose passes give what is put in a unit's place; none for zeros. */
  readonly sources: readonly Source[];
}

/** What the ablation of some sets did, for all pairs. */
export interface AblatedSets {
  readonly norms: readonly PairNorms[];
  readonly deviationFromRun: number;
  /** In the order of the sets. */
  readonly effects: readonly SetEffects[];
}

/**
 * Runs every pass of the pairs once as it is and once for each set of the pair's fold, with the set's units replaced on
 * their way into the output projections. Pairs that were done before a run was cut short are not run again.
 *
 * @throws {ProbeError} if the passes without ablation are not those of the run, or do not depend on the condition.
 */
export async function runAblation(
  context: ProbeContext,
  inputs: PassInputs,
  { captures, sets, tests }: AblationPlan,
): Promise<AblatedSets> {
  const { checkpoint, promptSet, settings, folder, reporter, clock, runtime } = context;
  const folds = [...(sets[0] ?? []).keys()].map((fold) => distinctSets(sets.map((set) => itemAt(set, fold))));
  const names = folds.map((distinct) => [...distinct.keys()]);
  const key = sha256(JSON.stringify([names, tests, runtime.device, runtime.dtype])).slice(0, 16);
  const store = `ablation-${key}`;
  await mkdir(folder.file("cache", store), { recursive: true });
  const records = new Map<number, PairRecord>();
  for (const { pair } of tests) {
    const path = folder.file("cache", store, `${pair}.json`);
    if (existsSync(path)) records.set(pair, JSON.parse(await readFile(path, "utf8")) as PairRecord); // written below
  }
  const missing = tests.filter(({ pair }) => !records.has(pair));
  const replicates = listReplicates(settings).length;
  const setsOf = ({ fold }: PairTest): ReadonlyMap<string, readonly string[]> => itemAt(folds, fold);
  const passes = missing.reduce((sum, test) => sum + 2 * replicates * (1 + setsOf(test).size), 0);
  const sources = missing.map((test) => test.sources);
  const further = countReplacementPasses(sources, replicates);
  reporter.note(
    `${missing.length} of ${tests.length} pairs to do, ${passes + further} passes: ${describeCost(folds, replicates)} for each${further === 0 ? "" : `, and ${further} for what is put in the units' place`}.`,
  );
  if (missing.length > 0) {
    const replacements = further === 0 ? [] : await measureReplacements(context, inputs, sources);
    const { model, layout } = hookModel(await buildTransformerModel(checkpoint, runtime), {
      taps: planTaps(checkpoint, settings.taps),
      groupSize: settings.groupSize,
      scale: further === 0 ? true : { offset: "offset" },
    });
    await clock.measure("ablate", async (watch) => {
      const transformer = await openTransformer(checkpoint, {
        ...runtime,
        ...watch,
        rewriteGraph: () => model,
      });
      const reportDone = reporter.start("ablating", { unit: "passes", total: passes });
      let done = 0;
      const advance = (): void => {
        done += 1;
        reportDone(done);
      };
      try {
        for (const [place, test] of missing.entries()) {
          const { pair } = test;
          const id = itemAt(promptSet.pairs, pair).id;
          const factors = Array.from(setsOf(test).values(), (units) =>
            unitFactors(layout, Object.fromEntries(units.map((address) => [address, 0]))),
          );
          const replacement = replacements[place] ?? null;
          const pairPasses = { transformer, inputs, layout, replacement, replicates, advance };
          const record = await ablatePair(pairPasses, { pair, id, captures, factors });
          await folder.writeJson(`cache/${store}/${pair}.json`, record);
          records.set(pair, record);
        }
      } finally {
        await transformer.close();
      }
    });
  }
  const inOrder = tests.flatMap(({ pair, fold }) => {
    const record = records.get(pair);
    return record === undefined ? [] : [{ ...record, fold }];
  });
  return {
    norms: inOrder.map(({ norms }) => norms),
    deviationFromRun: Math.max(...inOrder.map(({ deviation }) => deviation)),
    effects: sets.map((units) => {
      const places = units.map((ofFold, fold) => itemAt(names, fold).indexOf(nameSet(ofFold)));
      const take = (statistic: AblationStatistic): number[] =>
        inOrder.map(({ effects, fold }) => itemAt(effects, places[fold] ?? -1)[statistic]);
      return {
        units,
        contrastMoved: take("contrastMoved"),
        contrastSize: take("contrastSize"),
        disturbance: take("disturbance"),
      };
    }),
  };
}

function nameSet(units: readonly string[]): string {
  return units.toSorted().join();
}

function distinctSets(sets: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  return new Map(sets.map((units) => [nameSet(units), units]));
}

function describeCost(folds: readonly { readonly size: number }[], replicates: number): string {
  const counts = [...new Set(folds.map(({ size }) => size))].sort((one, other) => one - other);
  return `2 conditions × ${replicates === 1 ? "" : `${replicates} repetitions × `}(1 + ${counts.join(" or ")} sets)`;
}
