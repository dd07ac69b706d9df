// What Gram matrices and the nulls over them cost. `pnpm bench:axes` after a build.
import { performance } from "node:perf_hooks";
import { addGrams, axisNull, consistencyNull, gramMatrices, transferNull } from "../dist/index.js";

/** Noise as float32, as measurements come. */
function noise(rows, channels) {
  return {
    data: Float32Array.from({ length: rows * channels }, () => Math.random() - 0.5),
    shape: [rows, channels],
  };
}

async function time(name, work) {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${name}: ${seconds.toFixed(2)} s, ${(process.cpuUsage(before).user / 1e6).toFixed(2)} s of a processor`,
  );
  return result;
}

/** 600 heads and 25 more sets of the remaining channels, which then make up 626 with their union. */
const channels = 261_120;
const ranges = Array.from({ length: 625 }, (_, set) => ({
  start: Math.floor((set * channels) / 625),
  stop: Math.floor(((set + 1) * channels) / 625),
}));
const unions = [...ranges.map((_, set) => [set]), ranges.map((_, set) => set)];

const cells = noise(48, channels);
const parts = await time("48 × 261,120, Gram matrices of 625 sets", () =>
  gramMatrices(cells, ranges, { objects: 8 }),
);
const crossed = addGrams(parts, unions);
const grades = [-4, -3, -1, 0, 2, 4];
await time("626 sets, transfer, 1,000 permutations", () => transferNull(crossed, { objects: 8, grades }));
await time("626 sets, transfer, all 720 orders", () =>
  transferNull(crossed, { objects: 8, grades, shuffle: "common", exact: true }),
);
await time("626 sets, consistency, 1,000 permutations", () => consistencyNull(crossed, { objects: 8 }));
const pairs = addGrams(gramMatrices(noise(25, channels), ranges), unions);
await time("626 sets × 25 pairs, axis, 200 flips × 50 halvings", () => axisNull(pairs));
