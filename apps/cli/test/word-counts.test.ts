import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "@measure-plantain/report";
import type { Manifest } from "@measure-plantain/probe";
import { createWorkplace, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const list = "word,count\nan,1024\nobject,256\nsmall,64\ntiny,8\nminute,1\nlarge,64\nhuge,16\nvast,4\n";
const small = [
  "--prompts",
  "sizes.json",
  "--width",
  "64",
  "--height",
  "64",
  "--max-sequence-length",
  "48",
  ...givenReference,
];
const words = ["--word-counts", "words.csv"];
const read = (file: string): string => readFileSync(place.path("run", file), "utf8");

beforeAll(async () => {
  const pairs = [
    ["small", "large"],
    ["tiny", "huge"],
    ["minute", "vast"],
    ["small", "vast"],
    ["tiny", "large"],
  ].map(([a = "", b = ""]) => ({ id: `${a}-${b}`, a: `an object, ${a}`, b: `an object, ${b}` }));
  writeFileSync(place.path("sizes.json"), promptSetJson({ name: "sizes", pairs }));
  writeFileSync(place.path("words.csv"), list);
  writeFileSync(place.path("other.csv"), `${list}grey,2\n`);
  const { exitCode, stderr } = await place.run("run", ...small, ...words, "--out", "run", "--quiet");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});
afterAll(() => {
  place.remove();
});

describe("run --word-counts", () => {
  const sha256 = createHash("sha256").update(list).digest("hex");

  it("records the list beside the audit that went by it", () => {
    const { wordCounts, audit } = JSON.parse(read("manifest.json")) as Manifest; // what the command wrote
    expect(wordCounts).toEqual({ file: "words.csv", sha256, words: 8 });
    // classes of an, object: 0, 2; of the sizes by their counts: 4, 7, 10 and 4, 6, 8
    const differences = audit.pairs.map(({ wordClass }) => wordClass?.difference);
    const expected = [0, -1, -2, 4, -3].map((difference) => difference / 3);
    for (const [pair, difference] of expected.entries())
      expect(differences[pair]).toBeCloseTo(difference, 12);
    expect(read("pairs.csv")).toMatch(/^id,.*word_class_a,word_class_b.*shared_prefix_tokens/);
  });

  it("holds rarity and shared tokens against the answers, in summary, card and report", () => {
    const { confounds, audit } = JSON.parse(read("summary.json")) as Summary; // what the command wrote
    const correlated = confounds?.correlations.map(({ confound }) => confound) ?? [];
    expect(correlated).toContain("wordClassDifference");
    expect([...correlated, ...(confounds?.constant ?? [])]).toContain("sharedPrefixTokens");
    expect(audit.wordCounts?.sha256).toBe(sha256);
    const sentence = "Rarer words: small in 3 of 5 pairs, large in 1, neither in 1";
    for (const page of ["report.html", "summary.md"]) {
      expect(read(page)).toContain(sentence);
      expect(read(page)).toContain(sha256);
      expect(read(page)).toContain("--word-counts words.csv");
    }
    expect(read("report.html")).toContain('data-confound="wordClassDifference"');
    expect(read("report.html")).not.toContain("was not asked");
  });

  it("verifies", async () => {
    expect(await place.run("verify", "run")).toMatchObject({ exitCode: 0 });
  });

  it("goes on with the same list under any name, and with no other", async () => {
    copyFileSync(place.path("words.csv"), place.path("renamed.csv"));
    const again = ["run", ...small, "--out", "run", "--quiet"];
    expect(await place.run(...again, "--word-counts", "renamed.csv")).toMatchObject({ exitCode: 0 });
    const before = read("manifest.json");
    for (const [args, found] of [
      [["--word-counts", "other.csv"], `"${sha256}" there, ".*" now`],
      [[], `"${sha256}" there, nothing now`],
    ] as const) {
      const { exitCode, stderr } = await place.run(...again, ...args);
      expect(stderr).toMatch(new RegExp(`other settings:\\s+wordCountsSha256: ${found}.*left as it is`, "s"));
      expect(exitCode).toBe(2);
    }
    expect(read("manifest.json")).toBe(before);
  });

  it("refuses a bad list before anything else, in one sentence and with exit code 2", async () => {
    writeFileSync(place.path("bad.csv"), "word,count\nan,5\nobject,-1\n");
    for (const command of [
      ["run", "--out", "none"],
      ["prompts", "check", "sizes.json"],
    ]) {
      const { exitCode, stdout, stderr } = await place.run(...command, "--word-counts", "bad.csv");
      expect(stderr).toMatch(/^[^\n]*bad\.csv: line 3: the count of "object" is -1[^\n]*\n$/);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    }
  });
});

it("prompts check --word-counts tells which side has the rarer words, and ends no line with a blank", async () => {
  const { exitCode, stdout } = await place.run("prompts", "check", "sizes.json", ...words, "--quiet");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^Rarer words: small in 3 of 5 pairs, large in 1, neither in 1 \(.*b − a: −0\.13 on/m,
  );
  expect(stdout).toMatch(/^matched {3}small-large \(\d+\/\d+ tokens\)$|^change {4}small-large .*\.$/m);
  expect(stdout).not.toMatch(/ $/m);
});
