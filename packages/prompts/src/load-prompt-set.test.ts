import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinySet } from "../test/tiny-set.ts";
import { listPromptSets, loadPromptSet } from "./load-prompt-set.ts";

test("listPromptSets names each built-in set with its version, title and number of pairs", async () => {
  const sets = listPromptSets();
  expect(sets.map(({ name }) => name)).toEqual([
    "measure",
    "measure-crossed",
    "otherview",
    "paraphrase",
    "attribute",
    "number",
    "number-crossed",
    "presence",
    "shuffled",
    "identical",
  ]);
  for (const { name, version, title, pairs } of sets) {
    const set = await loadPromptSet(name);
    expect({ version, title, pairs }).toEqual({
      version: set.version,
      title: set.title,
      pairs: set.pairs.length,
    });
  }
});

test("loadPromptSet gives a copy: changing one does not change the next", async () => {
  const first = await loadPromptSet("measure");
  const second = await loadPromptSet("measure");
  expect(first).toEqual(second);
  expect(first.pairs).not.toBe(second.pairs);
});

test("loadPromptSet gives a copy down to what meta records", async () => {
  const first = await loadPromptSet("measure");
  const metres = first.pairs[0]?.meta?.["metres"];
  const before = structuredClone(metres);
  if (!Array.isArray(metres)) throw new Error("measure records no metres");
  metres[0] = 42;
  expect((await loadPromptSet("measure")).pairs[0]?.meta?.["metres"]).toEqual(before);
});

test("loadPromptSet reads a file where the name is a path", async () => {
  const folder = await mkdtemp(join(tmpdir(), "prompts-"));
  try {
    const path = join(folder, "tiny.json");
    await writeFile(path, JSON.stringify(tinySet()));
    expect(await loadPromptSet(path)).toEqual(tinySet());
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("loadPromptSet names the nearest built-in set where there is neither set nor file", async () => {
  await expect(loadPromptSet("mesure")).rejects.toMatchObject({
    code: "unknown-set",
    problems: [{ advice: 'Did you mean "measure"?', received: '"mesure"' }],
  });
  await expect(loadPromptSet("toString")).rejects.toMatchObject({ code: "unknown-set" });
  await expect(loadPromptSet("sets/mine.json")).rejects.toMatchObject({ code: "unreadable-file" });
});
