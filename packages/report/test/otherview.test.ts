/// <reference lib="dom" />
import { parseControls, planProbe, runProbe, type RunFolder } from "@measure-plantain/probe";
import { loadPromptSet } from "@measure-plantain/prompts";
import { parseHTML } from "linkedom";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../flux-runtime/src/checkpoint/open-checkpoint.ts";
import { analyzeRun } from "../src/statistics/analyze-run.ts";
import type { RunResults } from "../src/statistics/run-results.ts";
import { summarize } from "../src/summary/summarize.ts";
import { writeResults } from "../src/write-results.ts";

const kleinTiny = join(import.meta.dirname, "../../flux-runtime/test/fixtures/klein-tiny");

/** Words that only another built-in set has a use for. */
const OF_OTHER_SETS =
  /\b(sizes?|sized|scale|small|large|magnitude|\w*met(er|re)s?|numerals?|paraphrase|attribute|objects?)\b/i;

describe("a run of otherview with controls speaks of viewpoints and creatures, and of no size,", () => {
  let out: string;
  let run: RunFolder;
  let results: RunResults;
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), "otherview-"));
    const promptSet = await loadPromptSet("otherview");
    const checkpoint = await openCheckpoint(join(kleinTiny, "checkpoint"));
    const plan = await planProbe({ id: "klein-tiny", checkpoint, isSynthesized: false }, promptSet, {
      referenceFiles: [join(kleinTiny, "reference.png")],
      width: 64,
      height: 64,
      maxSequenceLength: 48,
      batch: 4,
    });
    const controls = await parseControls(["shuffled", "presence"], promptSet);
    run = await runProbe(plan, join(out, "run"), { controls });
    results = await analyzeRun(run, { flips: 40 });
    await writeResults(run, results);
  }, 120_000);
  afterAll(() => rm(out, { recursive: true }));

  it("in what may and what may not be concluded", () => {
    const { may, mayNot } = results.summary.conclusions;
    const sentences = [...may, ...mayNot].join("\n");
    expect(sentences).toContain(
      "Pairs that differ in wording alone, with the creature in the kitchen on both sides (presence) put",
    );
    expect(sentences).toContain("Pairs that differ in their words, but not in the contrast (shuffled) put");
    expect(sentences).toMatch(/answer differently to "presence" and "viewpoint" prompts/);
    expect(sentences).not.toMatch(OF_OTHER_SETS);
  });

  it("in what a control would have ruled out that was not run", () => {
    const others = results.controls.filter(({ name }) => name !== "presence");
    const { mayNot } = summarize(results.analysis, results.context, others).conclusions;
    expect(mayNot.join("\n")).toContain(
      "does not exclude that another wording of a creature's presence moves these units as much as its viewpoint.",
    );
    expect(mayNot.join("\n")).not.toMatch(OF_OTHER_SETS);
  });

  it.each([
    ["", "kitchen with a creature in it against the kitchen from its viewpoint"],
    ["controls/shuffled", "Render this kitchen from the viewpoint of"],
    ["controls/presence", "a creature in this kitchen in two wordings"],
  ])("on every page of the folder %s", async (folder, subject) => {
    const card = await readFile(run.file(folder, "summary.md"), "utf8");
    const { document } = parseHTML(await readFile(run.file(folder, "report.html"), "utf8"));
    document.querySelector("#run")?.remove(); // the manifest, which has sizes of tensors
    const page = document.querySelector("main")?.textContent ?? "";
    for (const text of [card, page]) {
      expect(text).toContain(subject);
      expect(OF_OTHER_SETS.exec(text)?.[0]).toBeUndefined();
    }
  });
});
