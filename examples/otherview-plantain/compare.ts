/** Runs the probe both ways, in code and without, and compares the two run folders file by file, byte by byte. */
import { deepEqual, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const controls = "--control random-weights shuffled presence planted";
const settings = "--width 64 --height 64 --max-sequence-length 96"; // as probe.ts has them for random weights
/** These name the program, its command and the time. */
const ownFiles = /(manifest\.json|report\.html|summary\.md)$/;

/** Runs a command and shows what it prints. */
function run(command: string): void {
  console.log(`$ ${command}`);
  execFileSync(command, { shell: true, stdio: "inherit" });
}

/** The files below a folder that are compared. */
function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !ownFiles.test(path))
    .sort();
}

run("node dist/probe.js");
run(
  `npx measure-plantain run --prompts otherview ${controls} --figures ${settings} --out runs/no-code --quiet`,
);

const files = listFiles("runs/otherview");
deepEqual(files, listFiles("runs/no-code"));
for (const needed of ["reference.png", "captures.safetensors", "units.csv", "comparison.json"])
  ok(files.includes(needed), needed);
for (const file of files)
  ok(readFileSync(join("runs/otherview", file)).equals(readFileSync(join("runs/no-code", file))), file);
console.log(
  `\nBoth ways: the same image, captures, tables and figures, ${files.length} files byte for byte.`,
);
