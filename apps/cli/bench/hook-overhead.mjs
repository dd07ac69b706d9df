// What the captures of head-hooks add to a pass of FLUX.2 Klein's transformer: the hooked and the plain graph run in turn
// in one process each, on random weights at the real width with fewer blocks. Other work on the machine lengthens a pass,
// so the processor time of the two processes is compared too (Linux). One thread each: idle threads spin, which counts.
//   node bench/hook-overhead.mjs [--blocks 1,2] [--grid 16] [--text 128] [--repeats 7]
import {
  buildTransformerModel,
  drawNoise,
  getCheckpointSpec,
  listOutputProjections,
  openCheckpoint,
  openTransformer,
  synthesizeCheckpoint,
} from "@measure-plantain/flux-runtime";
import { hookModel } from "@measure-plantain/head-hooks";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    blocks: { type: "string", default: "1,2" },
    grid: { type: "string", default: "16" },
    text: { type: "string", default: "128" },
    repeats: { type: "string", default: "7" },
  },
});
const [jointBlocks, singleBlocks] = values.blocks.split(",").map(Number);
const { grid, text, repeats } = Object.fromEntries(
  ["grid", "text", "repeats"].map((name) => [name, Number(values[name])]),
);

const folder = await mkdtemp(join(tmpdir(), "hook-overhead-"));
try {
  const [tiny, klein] = ["tiny", "klein-4b"].map(getCheckpointSpec);
  const transformer = { ...klein.transformer, jointBlocks, singleBlocks };
  const path = join(folder, "checkpoint");
  await synthesizeCheckpoint(path, { ...tiny, transformer, largestShard: klein.largestShard });
  const checkpoint = await openCheckpoint(path);
  const taps = listOutputProjections(checkpoint.transformer.config)
    .filter(({ tokens }) => tokens !== "text")
    .map(({ node }) => ({ at: node }));
  const { model, layout } = hookModel(await buildTransformerModel(checkpoint), { taps, groupSize: 16 });

  const width = checkpoint.transformer.config.joint_attention_dim;
  const pass = {
    latents: drawNoise(checkpoint, { seed: 0, size: { height: grid, width: grid } }),
    promptEmbeds: {
      data: Float32Array.from({ length: text * width }, (_, index) => Math.sin(index)),
      shape: [1, text, width],
    },
    timestep: 1000,
  };
  const processes = {};
  const open = async (name, options) => {
    const before = await childProcesses();
    const session = await openTransformer(checkpoint, { threads: 1, ...options });
    processes[name] = (await childProcesses()).find((id) => !before.includes(id));
    return session;
  };
  const sessions = {
    plain: await open("plain", {}),
    hooked: await open("hooked", { rewriteGraph: () => model }),
  };
  const times = { plain: [], hooked: [] };
  const processor = { plain: [], hooked: [] };
  const velocities = {};
  for (let repeat = -1; repeat < repeats; repeat++) {
    // Each goes first every other time, so that a drift of the machine falls on both.
    const order = repeat % 2 === 0 ? ["plain", "hooked"] : ["hooked", "plain"];
    for (const name of order) {
      const start = performance.now();
      const used = await processorTime(processes[name]);
      const { velocity } = await sessions[name].predict(pass);
      if (repeat >= 0) {
        times[name].push(performance.now() - start);
        processor[name].push((await processorTime(processes[name])) - used);
      }
      velocities[name] = new Uint32Array(velocity.data.buffer);
    }
  }
  await Promise.all(Object.values(sessions).map((session) => session.close()));

  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const ratios = times.hooked.map((time, index) => time / times.plain[index]);
  console.log(
    `${jointBlocks} joint and ${singleBlocks} single blocks, ${grid * grid + text} tokens, ${layout.unitCount} units`,
  );
  console.log(
    `plain ${median(times.plain).toFixed(0)} ms, hooked ${median(times.hooked).toFixed(0)} ms (medians of ${repeats})`,
  );
  console.log(`ratio of each pair: ${ratios.map((ratio) => ratio.toFixed(4)).join(" ")}`);
  console.log(`median ratio of times ${median(ratios).toFixed(4)}`);
  const sums = [processor.hooked, processor.plain].map((list) => list.reduce((sum, time) => sum + time, 0));
  console.log(
    `ratio of processor times ${(sums[0] / sums[1]).toFixed(4)}, of their medians ${(median(processor.hooked) / median(processor.plain)).toFixed(4)}`,
  );
  console.log(
    `same output bit by bit: ${velocities.plain.every((bits, index) => bits === velocities.hooked[index])}`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The ids of the processes that this one has started; none where the system does not tell. */
async function childProcesses() {
  const list = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").catch(() => "");
  return list.trim().split(" ").filter(Boolean);
}

/** The processor time that a process has used, in clock ticks; NaN where the system does not tell. */
async function processorTime(id) {
  const stat = await readFile(`/proc/${id}/stat`, "utf8").catch(() => "");
  // Behind the name in parentheses; user and system time are fields 14 and 15 of all.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
