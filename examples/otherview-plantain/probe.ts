import { chooseDevice, resolveCheckpoint } from "@measure-plantain/flux-runtime";
import { parseControls, planProbe, runProbe, type ProgressOptions } from "@measure-plantain/probe";
import { loadPromptSet } from "@measure-plantain/prompts";
import { analyzeRun, formatPlantScore, formatSummaryTable, writeResults } from "@measure-plantain/report";

const name = process.argv[2] ?? "tiny"; // a folder, or OWNER/NAME on the hub; by default random weights
const ending = new AbortController();
process.once("SIGINT", () => {
  ending.abort(); // what is captured stays in the run folder, and the next start goes on from there
});
const { signal } = ending;
const watch: ProgressOptions = {
  onNote: ({ text }) => console.error(`\n${text}`),
  onProgress: ({ stageNumber, stages, stage, done, total, unit }) =>
    process.stderr.write(
      `\r${stageNumber}/${stages} ${stage}: ${Math.floor(done)} of ${total} ${unit}`.padEnd(78),
    ),
};

const promptSet = await loadPromptSet("otherview"); // or the path of your own set
const controls = await parseControls(["random-weights", "shuffled", "presence", "planted"], promptSet);
const checkpoint = await resolveCheckpoint(name, { signal, ...watch });
const size = name === "tiny" ? { width: 64, height: 64, maxSequenceLength: 96 } : {};
const plan = await planProbe(checkpoint, promptSet, { device: await chooseDevice("auto"), ...size });
const run = await runProbe(plan, "runs/otherview", { controls, signal, ...watch });
const results = await analyzeRun(run, { signal, ...watch });
console.log(`\n${formatSummaryTable(await writeResults(run, results, { figures: true }))}`);
for (const { name, comparison } of results.controls)
  if (comparison.plant) console.log(`${name}: ${formatPlantScore(comparison.plant)}`);
console.log(`Report: ${run.file("report.html")}`);
