import * as flux from "@measure-plantain/flux-runtime";
import * as hooks from "@measure-plantain/head-hooks";
import * as stats from "@measure-plantain/paired-stats";
import { promptText, readPromptSet, requireGrades, requireReference } from "@measure-plantain/prompts";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";

const folder = process.argv[2] ?? "tiny"; // a checkpoint; by default one of random weights, to try the probe
if (folder === "tiny" && !existsSync(folder))
  await flux.synthesizeCheckpoint(folder, flux.getCheckpointSpec("tiny"));
const checkpoint = await flux.openCheckpoint(folder);
const set = await readPromptSet("otherview.json");
const grades = requireGrades(set);
const small = folder === "tiny" ? { width: 64, height: 64, maxSequenceLength: 96 } : {};
const kitchen = { maxSequenceLength: 512, ...requireReference(set), ...small };

// The kitchen is rendered once; every pass sees this image and one prompt.
const image = await flux.decodeToImage((await flux.generate(checkpoint, kitchen)).image);
await flux.writePng("kitchen.png", image);
const references = await flux.encodeImages(checkpoint, [await flux.prepareConditionImage(image)]);
const prompts = set.pairs.flatMap(({ a, b }) => [promptText(a), promptText(b)]);
const embeddings = await flux.encodePrompts(checkpoint, prompts, kitchen);

// One denoising step for each prompt, measured in front of every attention output projection.
const graph = flux.buildTransformerModel(checkpoint);
const { model, layout } = hooks.hookModel(graph, {
  taps: hooks.attentionTaps(graph, { at: /\.to_out(\.0)?$/ }),
  groupSize: 16,
});
const transformer = await flux.openTransformer(checkpoint, { rewriteGraph: () => model });
const latents = flux.drawNoise(checkpoint, { seed: 0, size: flux.tokenGrid(checkpoint, kitchen) });
const data = new Float32Array(prompts.length * layout.unitCount);
for (const [index, { embeds: promptEmbeds }] of embeddings.entries()) {
  const { extraOutputs } = await transformer.predict({ latents, references, promptEmbeds, timestep: 1_000 });
  data.set(hooks.readCapture(extraOutputs, layout).data, index * layout.unitCount);
}
await transformer.close();
const captures = { data, shape: [set.pairs.length, 2, layout.unitCount] };
await flux.writeSafetensors("captures.safetensors", [{ name: "mean_square", ...captures }]);

// Does a unit answer to "from the viewpoint of", and does it answer more, the less the viewer sees like a human?
for (const [name, records, { data, shape }] of [
  ["groups", hooks.unitRecords(layout), captures],
  ["heads", hooks.headRecords(layout), hooks.headMeanSquares(captures, layout)],
] as const) {
  const { a, b } = stats.splitConditions({ data: Float64Array.from(data, Math.sqrt), shape });
  const differences = stats.pairedDifference(a, b);
  const { t } = stats.pairedT(differences);
  const { r } = stats.gradeCorrelation(differences, grades);
  const { maximum } = await stats.gradeCorrelationNull(differences, grades);
  const [most, chance] = [maximum.observed, maximum.null.p99].map((value) => value.toFixed(2));
  console.log(`\n${name}\n${stats.describeSignFlipNull(await stats.signFlipNull(differences))}`);
  console.log(`max |r| with grade ${most}, null p99 ${chance}, p ${maximum.p.toFixed(3)}`);
  const rows = records.map(({ address }, unit) => `${address},${t[unit]},${r[unit]}\n`);
  await writeFile(`${name}.csv`, ["address,t,grade_r\n", ...rows]);
}
