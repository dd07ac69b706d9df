import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { tinyDesign } from "../test/crossed-set.ts";
import { tinySet } from "../test/tiny-set.ts";
import { parsePromptSet } from "./parse-prompt-set.ts";
import { readPromptSet } from "./read-prompt-set.ts";
import { MAX_FILE_BYTES } from "./validate/limits.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "prompts-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("readPromptSet reads a file", async () => {
  expect(await readPromptSet(await write("tiny.json", JSON.stringify(tinySet())))).toEqual(tinySet());
});

test.each([
  ["tiny.yaml", stringify(tinySet())],
  ["tiny.YML", stringify(tinySet())],
  [
    "tiny.csv",
    `# name: tiny\n# version: 1.0.0\n# title: Two pairs\n# labels: { a: small, b: large }\nid,a,b\n` +
      `one,a 1-millimeter object,a 1-kilometer object\ntwo,a tiny object,a huge object\n`,
  ],
])("readPromptSet tells the format of %s by its extension", async (name, text) => {
  expect(await readPromptSet(await write(name, text))).toEqual(tinySet());
});

test("readPromptSet names the line of a problem in a YAML file", async () => {
  const path = await write("broken.yaml", stringify({ ...tinySet(), colour: 1 }));
  await expect(readPromptSet(path)).rejects.toThrow(`${path}:14:1: colour: a key is not known.`);
});

test("readPromptSet resolves image paths from the folder of the file, absolute ones as they are", async () => {
  const set = tinySet();
  const elsewhere = join(tmpdir(), "elsewhere.png");
  set.pairs[0] = {
    id: "one",
    a: { prompt: "a", images: ["before.png", elsewhere] },
    b: { prompt: "a", images: ["rooms/after.png"] },
  };
  const { pairs } = await readPromptSet(await write("images.json", JSON.stringify(set)));
  expect(pairs[0]).toEqual({
    id: "one",
    a: { prompt: "a", images: [join(folder, "before.png"), elsewhere] },
    b: { prompt: "a", images: [join(folder, "rooms", "after.png")] },
  });
});

test("readPromptSet reads a crossed set, which has no image paths to resolve", async () => {
  const text = JSON.stringify(tinyDesign());
  expect(await readPromptSet(await write("crossed.json", text))).toEqual(parsePromptSet(text));
});

test("readPromptSet names the file and the line of a problem", async () => {
  const path = await write("broken.json", '{\n  "name": }');
  await expect(readPromptSet(path)).rejects.toMatchObject({ code: "invalid-json", source: path });
  await expect(readPromptSet(path)).rejects.toThrow(`${path}:2:11: the text is not JSON.`);
});

test("readPromptSet refuses a missing file, a folder, bytes that are not UTF-8, and a file that is too large", async () => {
  const notText = await write("latin1.json", Uint8Array.of(0x7b, 0xe9, 0x7d));
  const large = await write("large.json", "");
  await truncate(large, MAX_FILE_BYTES + 1);
  for (const [path, code, received] of [
    [join(folder, "missing.json"), "unreadable-file", "no such file"],
    [folder, "unreadable-file", "a folder"],
    [notText, "unreadable-file", "bytes that are not UTF-8"],
    [large, "too-large", `${MAX_FILE_BYTES + 1} bytes`],
  ] as const) {
    await expect(readPromptSet(path)).rejects.toMatchObject({ code, problems: [{ received }] });
  }
});
