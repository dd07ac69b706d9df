import * as flux from "@measure-plantain/flux-runtime";
import * as hooks from "@measure-plantain/head-hooks";
import * as stats from "@measure-plantain/paired-stats";
import { loadPromptSet, promptText, requireGrades, requireReference } from "@measure-plantain/prompts";
import { writeFile } from "node:fs/promises";

const name = process.argv[2] ?? "tiny"; // a folder, or OWNER/NAME on the hub; by default random weights
const { checkpoint } = await flux.resolveCheckpoint(name);
const set = await loadPromptSet("otherview");
const grades = requireGrades(set);
const small = name === "tiny" ? { width: 64, height: 64, maxSequenceLength: 96 } : {};
const kitchen = { maxSequenceLength: 512, ...requireReference(set), ...small };

// The kitchen is rendered once; every pass sees this image and one prompt.
const image = await flux.decodeToImage((await flux.generate(checkpoint, kitchen)).image);
await flux.writePng("kitchen.png", image);
const references = await flux.encodeImages(checkpoint, [await flux.prepareConditionImage(image)]);
const prompts = set.pairs.flatMap(({ a, b }) => [promptText(a), promptText(b)]);
const embeddings = await flux.encodePrompts(checkpoint, prompts, kitchen);

// One denoising step for each prompt, measured in front of every attention output projection.
const graph = await flux.buildTransformerModel(checkpoint);
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

/** Roots in float64 of what was measured in float32 are known no more finely than that. */
function asMeasured({ data, shape }: stats.Matrix): stats.Matrix {
  return { data, shape, resolution: stats.float32Resolution(Float64Array.from(data)) };
}

// Does a unit respond to "from the viewpoint of", and does it respond more, the less the viewer sees like a human?
for (const [table, records, { data, shape }] of [
  ["groups", hooks.unitRecords(layout), captures],
  ["heads", hooks.headRecords(layout), hooks.headMeanSquares(captures, layout)],
] as const) {
  const { a, b } = stats.splitConditions({ data: Float64Array.from(data, Math.sqrt), shape });
  const differences = stats.pairedDifference(asMeasured(a), asMeasured(b));
  const { t } = stats.pairedT(differences);
  const { r } = stats.gradeCorrelation(differences, grades);
  const { maximum } = await stats.gradeCorrelationNull(differences, grades);
  const [most, chance] = [maximum.observed, maximum.null.p99].map((value) => value.toFixed(2));
  console.log(`\n${table}\n${stats.describeSignFlipNull(await stats.signFlipNull(differences))}`);
  console.log(`max |r| with grade ${most}, null p99 ${chance}, p ${maximum.p.toFixed(3)}`);
  const rows = records.map(({ address }, unit) => `${address},${t[unit]},${r[unit]}\n`);
  await writeFile(`${table}.csv`, ["address,t,grade_r\n", ...rows]);
}
