import { parsePromptSet } from "@measure-plantain/prompts";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { parse as parseYaml } from "yaml";
import { adoptRounding } from "./adopt-rounding.ts";
import { applyEdit } from "./apply-edit.ts";
import { stripTypes } from "./compile-examples.ts";
import type { CodeBlock } from "./code-blocks.ts";
import { repository } from "./pages.ts";
import type { Finished, Place } from "./place.ts";
import { checkScript } from "./shell-commands.ts";

/** Why a script may be left unrun: the words behind `no-run=`. */
const reasonsNotToRun: Readonly<Record<string, string>> = {
  "needs-weights": "it needs the weights of FLUX.2 Klein, or weights of its size",
  "needs-gpu": "it needs a GPU",
  "needs-network": "it asks a registry or the hub",
  "needs-scheduler": "it needs Slurm, Kubernetes or another program that starts jobs",
  "whole-repository": "it installs, builds or tests everything, this test among it",
  "takes-minutes": "it runs the probe many times",
  "needs-maintainer": "it changes versions, branches or what is published",
};

/** What each block of a page printed, so that the `text` behind it can be compared. */
export type Printed = Map<CodeBlock, string>;

/**
 * Does with a block what its language and attributes say, and fails where that does not come out as shown:
 *
 * - `file=PATH`: the block is the file; of `diff`, an edit of it.
 * - `ts`: a program that runs, and that compiles (`checkPages` sees to that).
 * - `sh`: a script that runs; with `run=small`, at small sizes; with `no-run=REASON`, one that is only checked.
 * - `json`, `yaml`: read; with `prompt-set`, as a prompt set.
 * - `text`: what the block before it prints, or the command in `from=`, but for the last digit of a decimal; with `tree`,
 *   files that there are; a `formula` is left alone.
 */
export async function checkBlock(block: CodeBlock, place: Place, printed: Printed): Promise<void> {
  const { language, attributes, text } = block;
  const file = attributes.get("file");
  if (file !== undefined && language === "diff") {
    await place.write(file, applyEdit(readFileSync(join(place.folder, file), "utf8"), text));
    return;
  }
  if (attributes.has("prompt-set")) {
    parsePromptSet(text, { format: language === "yaml" ? "yaml" : "json" });
  }
  if (file !== undefined) {
    await place.write(file, text);
    return;
  }
  switch (language) {
    case "ts":
      printed.set(block, succeed(await place.runModule(stripTypes(text))));
      return;
    case "sh":
      return checkShell(block, place, printed);
    case "json":
      JSON.parse(text);
      return;
    case "yaml":
      parseYaml(text);
      return;
    case "text":
      return checkText(block, place, printed);
    default:
      throw new Error(
        `nothing is known of ${language || "a block without a language"}: ` +
          `make it ts, sh, json, yaml or text, or give it the name of a file`,
      );
  }
}

async function checkShell(block: CodeBlock, place: Place, printed: Printed): Promise<void> {
  const { attributes, text } = block;
  const reason = attributes.get("no-run");
  if (reason === undefined) {
    printed.set(block, succeed(await place.runShell(text, { isSmall: attributes.get("run") === "small" })));
    return;
  }
  expect(Object.keys(reasonsNotToRun), "no-run= takes one of these").toContain(reason);
  expect(await checkScript(text, place)).toEqual([]);
}

async function checkText({ after, attributes, page, text }: CodeBlock, place: Place, printed: Printed) {
  if (attributes.has("tree")) {
    const root = join(repository, dirname(page));
    for (const path of readTree(text)) expect(existsSync(join(root, path)), `${path} exists`).toBe(true);
    return;
  }
  if (attributes.has("formula") || attributes.has("drawing")) return;
  const command = attributes.get("from");
  const received =
    command === undefined ? after && printed.get(after) : succeed(await place.runShell(command));
  if (typeof received !== "string")
    throw new Error("text follows what prints it, or names the command in from=, or shows files as a tree");
  const printedText = received.replaceAll(/ +$/gm, ""); // pages hold no blanks at the ends of lines
  expect(adoptRounding(printedText, text)).toBe(text);
}

/** The paths that an indented listing names: each line's names, behind which two spaces begin a remark. */
function readTree(text: string): string[] {
  const folders: string[] = [];
  return text.split("\n").flatMap((line) => {
    const [, indent = "", rest = ""] = /^( *)(.*)$/.exec(line) ?? [];
    const names = rest.split(/ {2,}/).filter((name) => /^[\w.-]+(\/|\.\w+)$/.test(name));
    folders.length = indent.length / 2;
    const paths = names.map((name) => [...folders, name].join(""));
    const folder = names.find((name) => name.endsWith("/"));
    if (folder !== undefined) folders.push(folder);
    return paths;
  });
}

function succeed({ exitCode, stdout, stderr }: Finished): string {
  expect({ exitCode, stderr: exitCode === 0 ? "" : `${stdout}\n${stderr}` }).toEqual({
    exitCode: 0,
    stderr: "",
  });
  return stdout;
}
