import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, fewBlocks, givenReference, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  const small = [
    "--width",
    "64",
    "--height",
    "64",
    "--max-sequence-length",
    "48",
    "--quiet",
    ...givenReference,
    ...fewBlocks,
  ];
  const args = ["run", "--prompts", "few.json", ...small, "--out", "run"];
  expect((await place.run(...args)).exitCode).toBe(0);
});
afterAll(() => {
  place.remove();
});

it("a run folder as it was written verifies", async () => {
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(stdout.match(/^✓ /gm)).toHaveLength(12);
  expect(exitCode).toBe(0);
});

it.each([
  [
    "units.csv",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace(/0\.\d/, "0.9"));
    },
  ],
  [
    "units.json",
    (path: string) => {
      const records = JSON.parse(readFileSync(path, "utf8")) as unknown[]; // its own
      writeFileSync(path, `${JSON.stringify(records.toReversed(), null, 2)}\n`);
    },
  ],
  [
    "summary.json",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace('"observed": ', '"observed": 9'));
    },
  ],
  [
    "pairs.csv",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace("thumb", "thump"));
    },
  ],
  [
    "heads.parquet",
    (path: string) => {
      copyFileSync(join(path, "../units.parquet"), path);
    },
  ],
  [
    "reference.png",
    (path: string) => {
      copyFileSync(`${kleinTiny}/input.png`, path);
    },
  ],
] as const)("a changed %s is named", async (file, change) => {
  cpSync(place.path("run"), place.path("changed"), { recursive: true });
  change(place.path("changed", file));
  const { exitCode, stdout, stderr } = await place.run("verify", "changed");
  expect(stdout).toMatch(new RegExp(`^✗ ${file.replace(".", "\\.")}`, "m"));
  expect(stderr).toMatch(/checks of .*changed failed/);
  expect(exitCode).toBe(2);
});

it("missing captures are named, and an unfinished run is told so", async () => {
  cpSync(place.path("run"), place.path("missing"), { recursive: true });
  rmSync(place.path("missing/captures.safetensors"));
  const { exitCode, stdout } = await place.run("verify", "missing");
  expect(stdout).toMatch(/^✗ captures\.safetensors is what the run wrote/m);
  expect(exitCode).toBe(2);
  const manifest = place.path("missing/manifest.json");
  writeFileSync(
    manifest,
    readFileSync(manifest, "utf8").replace('"state": "complete"', '"state": "running"'),
  );
  const unfinished = await place.run("verify", "missing");
  expect(unfinished).toMatchObject({ exitCode: 2, stdout: "" });
  expect(unfinished.stderr).toMatch(/is not complete\. Start it again/);
});

it("what is no run among the controls is passed over", async () => {
  mkdirSync(place.path("run/controls"));
  writeFileSync(place.path("run/controls/.DS_Store"), "");
  for (const command of ["verify", "stats", "report"])
    expect((await place.run(command, "run")).exitCode).toBe(0);
  rmSync(place.path("run/controls"), { recursive: true });
});

/** Where a tensor of a safetensors file begins. */
function startOf(name: string, bytes: Buffer): number {
  const data = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, data)) as Record<
    string,
    { data_offsets: [number, number] }
  >; // just written
  return data + (header[name]?.data_offsets[0] ?? NaN);
}

it("changed captures are named", async () => {
  cpSync(place.path("run"), place.path("captures"), { recursive: true });
  const path = place.path("captures/captures.safetensors");
  const bytes = readFileSync(path);
  bytes.writeFloatLE(-1, startOf("mean_square", bytes));
  writeFileSync(path, bytes);
  const { exitCode, stdout } = await place.run("verify", "captures", "--json");
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toContainEqual({
    what: "the captures are whole",
    problem: expect.stringContaining("holds -1 at place") as string,
  });
});

it("captures that were changed since the run are refused unless they are accepted, and the results then say so", async () => {
  cpSync(place.path("run"), place.path("own"), { recursive: true });
  const path = place.path("own/captures.safetensors");
  const bytes = readFileSync(path);
  bytes.writeFloatLE(2, bytes.length - 4);
  writeFileSync(path, bytes);
  const before = readFileSync(place.path("own/summary.json"), "utf8");
  for (const command of [["stats"], ["report"], ["compare", "run"], ["ablate", "--top=1"]]) {
    const { exitCode, stdout, stderr } = await place.run(...command, "own");
    expect(stderr).toMatch(
      /own\/captures\.safetensors is not what the run wrote: its SHA-256 is [0-9a-f]{64}, but the manifest says [0-9a-f]{64}\. Restore the file.*--accept-changed-captures/,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  }
  expect(readFileSync(place.path("own/summary.json"), "utf8")).toBe(before);
  const accepted = await place.run("stats", "own", "--accept-changed-captures");
  expect(accepted).toMatchObject({ exitCode: 0 });
  expect(accepted.stdout).toMatch(/^Changed captures: captures\.safetensors is not what the run wrote/m);
  expect(readFileSync(place.path("own/report.html"), "utf8")).toContain("<strong>Changed captures.</strong>");
  expect(readFileSync(place.path("own/summary.md"), "utf8")).toContain("> **Changed captures.**");
  const compared = await place.run("compare", "run", "own", "--accept-changed-captures");
  expect(compared.stdout).toMatch(/Changed captures: captures\.safetensors is not what the run wrote/);
  const { stdout } = await place.run("verify", "own");
  expect(stdout.match(/^✗ .*$/gm)).toEqual([
    expect.stringMatching(/^✗ captures\.safetensors is what the run wrote/),
  ]);
});

it("a report written anew has the numbers of the summary, unless it is told other flips", async () => {
  cpSync(place.path("run"), place.path("report"), { recursive: true });
  const page = (): string => readFileSync(place.path("report/report.html"), "utf8");
  expect((await place.run("stats", "report", "--flips", "19")).exitCode).toBe(0);
  const written = page();
  expect((await place.run("report", "report")).exitCode).toBe(0);
  expect(page()).toBe(written);
  expect((await place.run("report", "report", "--flips", "29")).exitCode).toBe(0);
  expect(page()).not.toBe(written);
});

it("figures are verified where they were written, and go with the statistics", async () => {
  cpSync(place.path("run"), place.path("figures"), { recursive: true });
  expect((await place.run("report", "figures", "--figures")).exitCode).toBe(0);
  const before = readFileSync(place.path("figures/figures/null-group-maximum.svg"), "utf8");
  const written = readdirSync(place.path("figures/figures"));
  expect(written.filter((name) => name.endsWith(".png"))).toEqual(
    written.filter((name) => name.endsWith(".svg")).map((name) => name.replace(".svg", ".png")),
  );
  expect((await place.run("verify", "figures")).exitCode).toBe(0);
  expect((await place.run("stats", "figures", "--flips", "19")).exitCode).toBe(0);
  expect(readFileSync(place.path("figures/figures/null-group-maximum.svg"), "utf8")).not.toBe(before);
  expect((await place.run("verify", "figures")).exitCode).toBe(0);
  writeFileSync(place.path("figures/figures/null-group-maximum.svg"), before);
  expect((await place.run("verify", "figures")).stdout).toMatch(/^✗ figures\/null-group-maximum\.svg/m);
});

it("a summary of more flips than are computed is named, and no report is computed with it", async () => {
  cpSync(place.path("run"), place.path("flips"), { recursive: true });
  const path = place.path("flips/summary.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"labellings": 200', '"labellings": 1e12'));
  const { exitCode, stdout } = await place.run("verify", "flips");
  expect(stdout).toMatch(/^✗ summary\.json: its number of sign flips is out of bounds/m);
  expect(exitCode).toBe(2);
  const report = await place.run("report", "flips");
  expect(report.stderr).toMatch(
    /summary\.json names no number of sign flips from 19 to 1000000\. Write the results again\. `measure-plantain stats DIR` does/,
  );
  expect(report.exitCode).toBe(2);
});

it("a folder without its summary is told so", async () => {
  cpSync(place.path("run"), place.path("bare"), { recursive: true });
  rmSync(place.path("bare/summary.json"));
  const { exitCode, stdout } = await place.run("verify", "bare");
  expect(stdout).toMatch(/^✗ summary\.json: it is missing/m);
  expect(exitCode).toBe(2);
});
