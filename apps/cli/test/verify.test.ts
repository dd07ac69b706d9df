import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"];
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
  expect(unfinished.stderr).toMatch(/holds a run that is not complete\. Start it again/);
});

it("what is no run among the controls is passed over", async () => {
  mkdirSync(place.path("run/controls"));
  writeFileSync(place.path("run/controls/.DS_Store"), "");
  for (const command of ["verify", "stats", "report"])
    expect((await place.run(command, "run")).exitCode).toBe(0);
  rmSync(place.path("run/controls"), { recursive: true });
});

it("changed captures are named", async () => {
  cpSync(place.path("run"), place.path("captures"), { recursive: true });
  const path = place.path("captures/captures.safetensors");
  const bytes = readFileSync(path);
  bytes.writeFloatLE(-1, bytes.length - 4);
  writeFileSync(path, bytes);
  const { exitCode, stdout } = await place.run("verify", "captures", "--json");
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toContainEqual({
    what: "the captures are whole",
    problem: expect.stringContaining("holds -1 at place") as string,
  });
});

it("a report written anew has the numbers of the summary, unless it is told other flips", async () => {
  cpSync(place.path("run"), place.path("report"), { recursive: true });
  const page = (): string => readFileSync(place.path("report/report.html"), "utf8");
  expect((await place.run("stats", "report", "--flips", "7")).exitCode).toBe(0);
  const written = page();
  expect((await place.run("report", "report")).exitCode).toBe(0);
  expect(page()).toBe(written);
  expect((await place.run("report", "report", "--flips", "9")).exitCode).toBe(0);
  expect(page()).not.toBe(written);
});

it("figures are verified where they were written, and go with the statistics", async () => {
  cpSync(place.path("run"), place.path("figures"), { recursive: true });
  expect((await place.run("report", "figures", "--figures")).exitCode).toBe(0);
  const before = readFileSync(place.path("figures/figures/volcano.svg"), "utf8");
  const written = readdirSync(place.path("figures/figures"));
  expect(written.filter((name) => name.endsWith(".png"))).toEqual(
    written.filter((name) => name.endsWith(".svg")).map((name) => name.replace(".svg", ".png")),
  );
  expect((await place.run("verify", "figures")).exitCode).toBe(0);
  expect((await place.run("stats", "figures", "--flips", "7")).exitCode).toBe(0);
  expect(readFileSync(place.path("figures/figures/volcano.svg"), "utf8")).not.toBe(before);
  expect((await place.run("verify", "figures")).exitCode).toBe(0);
  writeFileSync(place.path("figures/figures/volcano.svg"), before);
  expect((await place.run("verify", "figures")).stdout).toMatch(/^✗ figures\/volcano\.svg/m);
});

it("a folder without its summary is told so", async () => {
  cpSync(place.path("run"), place.path("bare"), { recursive: true });
  rmSync(place.path("bare/summary.json"));
  const { exitCode, stdout } = await place.run("verify", "bare");
  expect(stdout).toMatch(/^✗ summary\.json: it is missing/m);
  expect(exitCode).toBe(2);
});
