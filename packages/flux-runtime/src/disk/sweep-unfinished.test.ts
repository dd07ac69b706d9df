import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { markName } from "./process-mark.ts";
import { isUnfinished, sweepUnfinished } from "./sweep-unfinished.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sweep-"));
});
afterEach(() => rm(folder, { recursive: true }));

const unfinished = (): string => markName(join(folder, "weights"), "partial");
const elsewhere = (): string => unfinished().replace(/-[0-9a-f]{8}-(?=[0-9a-f]{8}\.)/, "-00000000-");

it("removes files and folders of processes that have ended, and nothing else", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const [file, other] = [unfinished(), unfinished()].map((path) => path.replace(/\.\d+-/, `.${pid}-`));
  await writeFile(file ?? "", "half");
  await mkdir(join(other ?? "", "transformer"), { recursive: true });
  await writeFile(join(other ?? "", "transformer", "config.json"), "{}");
  const own = unfinished();
  await writeFile(own, "half");
  for (const name of ["weights", "weights.partial", "notes.12.partial"])
    await writeFile(join(folder, name), "");
  await sweepUnfinished(folder);
  expect(await readdir(folder)).toEqual(
    [basename(own), "notes.12.partial", "weights", "weights.partial"].sort(),
  );
});

it("of makers that cannot be asked about, removes what nothing was added to for ten minutes", async () => {
  const [busy, quiet] = [elsewhere(), elsewhere()];
  const before = new Date(Date.now() - 11 * 60_000);
  for (const path of [busy, quiet]) {
    await mkdir(path);
    await writeFile(join(path, "model.safetensors"), "half");
    if (path === quiet) await utimes(join(path, "model.safetensors"), before, before);
    await utimes(path, before, before);
  }
  await sweepUnfinished(folder);
  expect(await readdir(folder)).toEqual([basename(busy)]);
});

it.each([
  ["captures.safetensors.4711-98213-5f3a2b9c-0123abcd.partial", true],
  ["passes/00000-a-1.safetensors.4711-0-5f3a2b9c-0123abcd.partial", true],
  ["writing.4711-98213-5f3a2b9c-0123abcd.lock", false],
  ["captures.safetensors.part", false],
  ["report.html", false],
])("isUnfinished(%j) is %j", (path, expected) => {
  expect(isUnfinished(path)).toBe(expected);
});
