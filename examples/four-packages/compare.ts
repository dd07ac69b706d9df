/** Runs the probe by hand and by the command line, and compares their numbers bit for bit. */
import { readTensors } from "@measure-plantain/flux-runtime";
import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const byCommand = "runs/by-command";
const settings = "--width 64 --height 64 --max-sequence-length 96"; // as probe.ts has them for random weights

/** Runs a command, shows what it prints, and gives it back. */
function run(command: string): string {
  console.log(`$ ${command}`);
  const printed = execFileSync(command, {
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(printed);
  return printed;
}

/** What is read of a run's summary. */
interface Summary {
  grades: { granularities: { name: string; maximum: { observed: number; nullP99: number; p: number } }[] };
}

/** One column of a CSV file, as text: numbers there have all their digits. */
function column(path: string, name: string): string[] {
  const [header = "", ...rows] = readFileSync(path, "utf8").trim().split("\n");
  const place = header.split(",").indexOf(name);
  return rows.map((row) => row.split(",")[place] ?? "");
}

const printed = run("node dist/probe.js");
run(`npx measure-plantain run --prompts otherview ${settings} --out ${byCommand} --quiet`);

const byHand = (await readTensors("captures.safetensors")).get("mean_square");
const commanded = (await readTensors(`${byCommand}/captures.safetensors`)).get("mean_square");
deepEqual(byHand, commanded);
deepEqual(readFileSync("kitchen.png"), readFileSync(`${byCommand}/reference.png`));
for (const [own, theirs, units] of [
  ["groups.csv", "units.csv", 680],
  ["heads.csv", "heads.csv", 100],
] as const) {
  const t = column(own, "t");
  equal(t.length, units);
  deepEqual(t, column(`${byCommand}/${theirs}`, "t"));
  deepEqual(column(own, "grade_r"), column(`${byCommand}/${theirs}`, "grade_rho"));
}
const { grades } = JSON.parse(readFileSync(`${byCommand}/summary.json`, "utf8")) as Summary; // written by the run
const nulls = grades.granularities
  .filter(({ name }) => name !== "mlp")
  .map(({ maximum: { observed, nullP99, p } }) => [observed.toFixed(2), nullP99.toFixed(2), p.toFixed(3)]);
const printedNulls = printed.matchAll(/max \|r\| with grade (.*), null p99 (.*), p (.*)/g);
deepEqual(
  Array.from(printedNulls, ([, ...figures]) => figures),
  nulls,
);
equal(nulls.length, 2);
console.log(
  "\nBoth ways: the same image, captures, t and grade correlations of 680 groups and 100 heads, bit for bit.",
);
