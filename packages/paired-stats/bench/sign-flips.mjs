// What the sign flips cost. `pnpm bench` after a build; `pnpm bench --exact` adds all 2^24 labellings (about 2 minutes).
// Each line runs in a process of its own, so that its peak memory is its own.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { exactSignFlipP, pairedT, signFlipNull, splitHalfReliability, stepDownMaxT } from "../dist/index.js";

/** Normal noise as float32, as measurements come. */
function noise(pairs, units) {
  const data = new Float32Array(pairs * units);
  for (let at = 0; at < data.length; at += 1)
    data[at] = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return { data, shape: [pairs, units] };
}

const flips = 10_000;
const cases = {
  "25 × 16,320, 10,000 flips, 1 thread": () => [
    noise(25, 16_320),
    (d) => signFlipNull(d, { flips, threads: 1 }),
  ],
  "25 × 16,320, 10,000 flips, 2 threads": () => [
    noise(25, 16_320),
    (d) => signFlipNull(d, { flips, threads: 2 }),
  ],
  "25 × 16,320, 10,000 flips, plain TypeScript": () => [
    noise(25, 16_320),
    (d) => signFlipNull(d, { flips, engine: "plain" }),
  ],
  "25 × 163,200, 10,000 flips, 2 threads": () => [
    noise(25, 163_200),
    (d) => signFlipNull(d, { flips, threads: 2 }),
  ],
  "250 × 16,320, 10,000 flips, 2 threads": () => [
    noise(250, 16_320),
    (d) => signFlipNull(d, { flips, threads: 2 }),
  ],
  "25 × 16,320, paired t": () => [noise(25, 16_320), (d) => pairedT(d)],
  "25 × 16,320, exact p per unit": () => [noise(25, 16_320), (d) => exactSignFlipP(d)],
  "25 × 16,320, step-down max t, 1,000 flips": () => [
    noise(25, 16_320),
    (d) => stepDownMaxT(d, { flips: 1000 }),
  ],
  "25 × 16,320, 100 halvings, 20 flips": () => [
    noise(25, 16_320),
    (d) => splitHalfReliability(d, { flips: 20 }),
  ],
  "25 × 16,320, all 2^24 labellings, 2 threads": () => [
    noise(25, 16_320),
    (d) => signFlipNull(d, { exact: true, threads: 2 }),
  ],
};

const name = process.argv[2] ?? "";
if (name in cases) {
  const [differences, compute] = cases[name]();
  const before = process.resourceUsage().maxRSS;
  const start = performance.now();
  await compute(differences);
  const seconds = (performance.now() - start) / 1000;
  const megabytes = (process.resourceUsage().maxRSS - before) / 1000;
  console.log(
    `${name.padEnd(46)} ${seconds.toFixed(2).padStart(7)} s  ${megabytes.toFixed(0).padStart(5)} MB more`,
  );
} else {
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0].model}`);
  const chosen = Object.keys(cases).filter((each) => !each.includes("2^24") || name === "--exact");
  for (const each of chosen)
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), each], { stdio: "inherit" });
}
