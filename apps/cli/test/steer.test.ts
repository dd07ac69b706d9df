import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Steering } from "@measure-plantain/probe";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, fewBlocks, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet", "--threads", "1"];
const options = ["--units", "top:4", "--scale", "0", "2", "--steps", "1", "--quiet", "--threads", "1"];
const pairs = ["thumb", "house", "hill", "tree"].map((word) => ({
  id: word,
  a: `an object smaller than a ${word}`,
  b: `an object larger than a ${word}`,
}));

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson({ pairs }));
  const run = ["run", ...fewBlocks, ...givenReference, ...small, "--prompts", "few.json", "--out", "run"];
  expect(await place.run(...run)).toMatchObject({ exitCode: 0, stderr: "" });
});
afterAll(() => {
  place.remove();
});

it("renders a sheet with the strongest, weakest and random units scaled, into the run folder and its report", async () => {
  const { exitCode, stdout, stderr } = await place.run(
    "steer",
    "run",
    ...options,
    "--prompt",
    "an object",
    "--json",
  );
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  const steering = JSON.parse(stdout) as Steering; // what the command wrote
  expect(steering).toEqual(JSON.parse(readFileSync(place.path("run/steering/steering.json"), "utf8")));
  expect(steering.sets.map(({ name }) => name)).toEqual(["top 4", "bottom 4", "random 1 like top 4"]);
  expect(steering.images).toHaveLength(7);
  for (const { file } of steering.images) expect(existsSync(place.path("run/steering", file))).toBe(true);
  const page = readFileSync(place.path("run/report.html"), "utf8");
  expect(page).toContain('<section id="steering">');
  expect(page.match(/data:image\/webp/g)).toHaveLength(7 + 1); // and the fixed image
  expect(page).toMatch(
    /measure-plantain steer run .*--units top:4 --scale 0 2 .*--prompt &#39;an object&#39;/,
  );
  expect(readFileSync(place.path("run/summary.md"), "utf8")).toContain("## Steered images");
});

it("verify checks the images, and names one that is gone; steer renders it again with the same bytes", async () => {
  const verified = await place.run("verify", "run");
  expect(verified.stdout).toMatch(/^✓ steering\/steering\.json$/m);
  expect(verified.exitCode).toBe(0);
  const file = "prompt-1-seed-0-top-4-x0.png";
  const path = place.path("run/steering", file);
  const bytes = readFileSync(path);
  rmSync(path);
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(stdout).toMatch(/steering\.json.*prompt-1-seed-0-top-4-x0\.png is gone/);
  expect(exitCode).not.toBe(0);
  const again = await place.run("steer", "run", ...options, "--prompt", "an object");
  expect(again.stdout).toMatch(/^top 4 +\d/m);
  expect(readFileSync(path)).toEqual(bytes);
});

it.each([
  ["more units than there are", ["--units", "top:5000"], /--units top:5000 asks for 5000 of/],
  ["a factor that is no number", ["--scale", "much"], /Expected a number/],
  ["no factor but 1", ["--scale", "1"], /--scale must be finite numbers, one of them other than 1/],
  ["more pairs than there are", ["--pairs", "9"], /--pairs 9.*must be from 1 to the run's 4 pairs/],
  ["a size that is no multiple of 16", ["--width", "100"], /width must be a positive multiple of 16/],
])("refuses %s", async (_, args, message) => {
  const { exitCode, stderr } = await place.run("steer", "run", ...args, "--quiet");
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});
