// All six libraries, each by the name it is published under, with types as a strict consumer sees them.
import * as flux from "@measure-plantain/flux-runtime";
import { type HookOptions, hookModel, readCapture, type UnitLayout } from "@measure-plantain/head-hooks";
import {
  type Matrix,
  pairedDifference,
  pairedT,
  signFlipNull,
  splitConditions,
} from "@measure-plantain/paired-stats";
import { planProbe, type ProbePlan, type RunFolder, runProbe } from "@measure-plantain/probe";
import {
  auditPromptSet,
  type PromptSet,
  promptText,
  PromptsError,
  readPromptSet,
} from "@measure-plantain/prompts";
import { analyzeRun, type Summary, writeResults } from "@measure-plantain/report";

const size: flux.LatentSize = { width: 64, height: 64 };
const encoding: flux.TextEncoderOptions = { maxSequenceLength: 64 };
await flux.synthesizeCheckpoint("tiny", flux.getCheckpointSpec("tiny"));
const checkpoint: flux.Checkpoint = await flux.openCheckpoint("tiny");

const set: PromptSet = await readPromptSet("few.json");
const tokenizer = await flux.createTokenizer(checkpoint.tokenizerFolder);
const audit = auditPromptSet(set, { countTokens: (text) => tokenizer.countTokens(text) });
const prompts = set.pairs.flatMap(({ a, b }) => [promptText(a), promptText(b)]);
const embeddings = await flux.encodePrompts(checkpoint, prompts, encoding);

const options: HookOptions = { groupSize: 16 };
const { model, layout }: { model: Uint8Array; layout: UnitLayout } = hookModel(
  await flux.buildTransformerModel(checkpoint),
  options,
);
const transformer = await flux.openTransformer(checkpoint, { rewriteGraph: () => model });
const latents = flux.drawNoise(checkpoint, { seed: 0, size: flux.tokenGrid(checkpoint, size) });
const results = await transformer.predictBatch(
  embeddings.map(({ embeds }) => ({ latents, promptEmbeds: embeds, timestep: 1_000 })),
);
await transformer.close();
const data = Float32Array.from(
  results.flatMap(({ extraOutputs }) => [...readCapture(extraOutputs, layout).data]),
  Math.sqrt,
);
const { a, b } = splitConditions({ data, shape: [set.pairs.length, 2, layout.unitCount] });
const differences: Matrix = pairedDifference(a, b);
const { thresholds, labellings } = await signFlipNull(differences, { exact: true });

const plan: ProbePlan = await planProbe(await flux.resolveCheckpoint("./tiny"), set, {
  ...size,
  maxSequenceLength: 64,
});
const run: RunFolder = await runProbe(plan, "composed");
const summary: Summary = await writeResults(run, await analyzeRun(run, { flips: "exact" }));

const refusal: unknown = await readPromptSet("missing.json").catch((error: unknown) => error);
const report = {
  pairs: audit.pairs.length,
  units: pairedT(differences).t.length,
  heads: layout.headCount,
  overThreshold: thresholds[0]?.observed,
  labellings,
  groups: summary.granularities.find(({ name }) => name === "group")?.units,
  refusal: refusal instanceof PromptsError ? refusal.code : "none",
};
process.stdout.write(`${JSON.stringify(report)}\n`);
