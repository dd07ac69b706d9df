/** Runs the probe both ways, in code and without, and holds their numbers against each other, bit for bit. */
import { readTensors } from "@measure-plantain/flux-runtime";
import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const noCode = "runs/no-code";
const settings = "--width 64 --height 64 --max-sequence-length 96"; // as probe.ts has them for random weights

function run(command: string): void {
  console.log(`$ ${command}`);
  execFileSync(command, { shell: true, stdio: "inherit" });
}

/** One column of a CSV file, as text: numbers there have all their digits. */
function column(path: string, name: string): string[] {
  const [header = "", ...rows] = readFileSync(path, "utf8").trim().split("\n");
  const place = header.split(",").indexOf(name);
  return rows.map((row) => row.split(",")[place] ?? "");
}

run("node dist/probe.js");
run(`npx measure-plantain run --prompts otherview.json ${settings} --out ${noCode} --quiet`);

const inCode = (await readTensors("captures.safetensors")).get("mean_square");
const without = (await readTensors(`${noCode}/captures.safetensors`)).get("mean_square");
deepEqual(inCode, without);
deepEqual(readFileSync("kitchen.png"), readFileSync(`${noCode}/reference.png`));
for (const [own, theirs, units] of [
  ["groups.csv", "units.csv", 680],
  ["heads.csv", "heads.csv", 100],
] as const) {
  const t = column(own, "t");
  equal(t.length, units);
  deepEqual(t, column(`${noCode}/${theirs}`, "t"));
}
console.log(
  "\nBoth ways: the same image, the same captures, the same t of 680 groups and 100 heads, bit for bit.",
);
