import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { PromptSetAudit } from "@measure-plantain/prompts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Manifest } from "@measure-plantain/probe";
import { createWorkplace, fewBlocks, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const small = ["--width", "64", "--height", "64", "--quiet", ...fewBlocks];
/** Prompts that differ in their first word and are longer than 24 tokens with the chat template. */
const tail = "object that stands on a wooden table in front of a grey wall";
const pairs = ["thumb", "house", "hill"].map((word, place) => ({
  id: word,
  a: `${word} sized ${tail}`,
  b: `${["x", "y", "z"][place] ?? ""} sized ${tail} ${word}`,
}));

beforeAll(() => {
  writeFileSync(place.path("long.json"), promptSetJson({ name: "long", pairs }));
  const late = pairs.map(({ id }) => ({ id, a: `A ${tail} like a ${id}`, b: `A ${tail} like no ${id}` }));
  writeFileSync(place.path("late.json"), promptSetJson({ name: "late", pairs: late }));
});
afterAll(() => {
  place.remove();
});

it("prompts that are cut are counted in manifest, summary and report, and named in one line when quiet", async () => {
  const args = ["--prompts", "long.json", "--max-sequence-length", "24", ...small, "--out", "run"];
  const { exitCode, stdout, stderr } = await place.run("run", ...args, "--control", "identical");
  const sentence =
    /Of the 6 prompts of long, 6 are read without the end: the longest needs \d+ tokens with the chat template, and the maximal sequence length is 24\./;
  expect(exitCode).toBe(0);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(sentence),
    expect.stringMatching(/Of the 6 prompts of identical, 6 are read/), // equal by design, and not refused
  ]);
  expect(stdout).toMatch(new RegExp(`^Cut prompts: ${sentence.source}`, "m"));
  expect(stdout).toMatch(/^Control identical: Cut prompts: Of the 6 prompts/m);
  const read = (name: string): string => readFileSync(place.path("run", name), "utf8");
  const { audit } = JSON.parse(read("manifest.json")) as Manifest; // what the command wrote
  expect(audit.cut).toMatchObject({ length: 24, prompts: 6, alike: [] });
  expect(read("summary.md")).toMatch(new RegExp(`^> \\*\\*Cut prompts\\.\\*\\* ${sentence.source}`, "m"));
  expect(read("report.html")).toMatch(
    new RegExp(`<p class="notice"[^>]*><strong>Cut prompts\\.</strong> ${sentence.source}`),
  );
  expect((await place.run("verify", "run")).exitCode).toBe(0);
});

it("refuses pairs of which the cut leaves the same on both sides, in a run, its controls and a check", async () => {
  const message =
    /late: the model would read the same tokens on both sides of 3 of the 3 pairs.*thumb \(\d+ and \d+\), house.*Use a maximal sequence length of \d+ or more/s;
  const cut = ["--max-sequence-length", "24"];
  for (const args of [
    ["run", "--prompts", "late.json", ...cut, ...small, "--out", "none"],
    ["run", "--prompts", "long.json", ...cut, ...small, "--control", "late.json", "--out", "none"],
    ["prompts", "check", "late.json", ...cut],
  ]) {
    const { exitCode, stderr } = await place.run(...args);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  }
  expect(existsSync(place.path("none"))).toBe(false);
  const needed = /length of (\d+) or more/.exec(
    (await place.run("prompts", "check", "late.json", ...cut)).stderr,
  )?.[1];
  const checked = await place.run("prompts", "check", "late.json", "--max-sequence-length", needed ?? "");
  expect(checked).toMatchObject({ exitCode: 0 });
});

it("a check prints the audit of a set that it refuses", async () => {
  const args = ["prompts", "check", "late.json", "--max-sequence-length", "24", "--json", "--quiet"];
  const audit = JSON.parse((await place.run(...args)).stdout) as PromptSetAudit; // what the command wrote
  expect(audit.cut?.alike).toEqual(["thumb", "house", "hill"]);
});

it("says that the prompts of a rendered image are cut, the empty one of guidance included", async () => {
  const image = ["--steps", "1", "--guidance", "4", "--width", "64", "--height", "64", "--out", "image.png"];
  const args = ["--prompt", tail, ...image, "--max-sequence-length", "12", "--quiet"];
  const { exitCode, stderr } = await place.run("generate", ...args);
  expect(stderr).toMatch(
    /^Of the prompts that an image is rendered from, 2 are read without the end: .*12\.\n$/,
  );
  expect(exitCode).toBe(0);
  const reference = { prompt: `a ${tail}`, seed: 1, steps: 1, guidance: 4, width: 64, height: 64 };
  const short = ["big", "tall"].map((word) => ({ id: word, a: `a ${word} cat`, b: `no ${word} cat` }));
  writeFileSync(place.path("rendered.json"), promptSetJson({ name: "rendered", reference, pairs: short }));
  const run = [
    "run",
    "--prompts",
    "rendered.json",
    "--max-sequence-length",
    "24",
    ...small,
    "--out",
    "other",
  ];
  expect((await place.run(...run)).stderr).toMatch(
    /^Of the prompts that an image is rendered from, 1 is read/,
  );
  expect(readFileSync(place.path("other/report.html"), "utf8")).toContain("Cut prompts of the fixed image.");
});
