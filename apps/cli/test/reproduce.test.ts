import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, finish, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const checkpoint = "the checkpoint's";
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"];

beforeAll(() => {
  cpSync(join(kleinTiny, "checkpoint"), place.path(checkpoint), { recursive: true });
  const recipe = { prompt: "a grey object", guidance: 1, width: 64, height: 64 };
  const reference = [
    { ...recipe, seed: 5, steps: 2 },
    { ...recipe, seed: 0, steps: 1 },
  ];
  mkdirSync(place.path("sets"));
  writeFileSync(place.path("sets", "my set.json"), promptSetJson({ reference }));
  symlinkSync(place.path("sets", "my set.json"), place.path("my set.json")); // the commands name it without its folder
});
afterAll(() => {
  place.remove();
});

it.each([
  ["one image of two recipes", "1", "single"],
  ["three images of two recipes", "3", "first"],
])("the command that a summary gives captures the same bytes: odd names, %s", async (_, references, out) => {
  const args = ["--checkpoint", checkpoint, "--prompts", "sets/my set.json", "--references", references];
  expect(await place.run("run", ...args, ...small, "--out", out)).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
  const [, command = ""] =
    /```sh\nnpx measure-plantain (.*)\n```/.exec(readFileSync(place.path(out, "summary.md"), "utf8")) ?? [];
  const words = execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" });
  const again = await place.run(...words.trimEnd().split("\n"), "--quiet", "--out", `${out}-again`);
  expect(again).toMatchObject({ exitCode: 0, stderr: "" });
  const captures = (run: string): Buffer => readFileSync(place.path(run, "captures.safetensors"));
  expect(captures(`${out}-again`).equals(captures(out))).toBe(true);
});

/** The commands that a card gives, each as the words that a shell makes of it. */
function readCommands(card: string): string[][] {
  const [, block = ""] = /```sh\n(npx measure-plantain .*?)\n```/s.exec(card) ?? [];
  return block.split("\n").map((line) => {
    const command = line.replace("npx measure-plantain ", "");
    return execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" })
      .trimEnd()
      .split("\n");
  });
}

it("the commands that a report gives make its page again: controls, flips, ablation", async () => {
  const args = [
    "--prompts",
    "sets/my set.json",
    "--references",
    "1",
    ...small,
    "--flips",
    "64",
    "--out",
    "page",
  ];
  expect((await place.run("run", ...args, "--control", "random-weights", "identical")).exitCode).toBe(0);
  const units = [
    "--rank-by",
    "all",
    "--top",
    "1",
    "2",
    "--random",
    "1",
    "--pairs",
    "1",
    "--seed",
    "3",
    "--quiet",
  ];
  expect((await place.run("ablate", "page", ...units)).exitCode).toBe(0);
  const commands = readCommands(readFileSync(place.path("page/summary.md"), "utf8"));
  expect(commands.map(([name]) => name)).toEqual(["run", "ablate"]);
  for (const command of commands)
    expect(await place.run(...command, "--quiet")).toMatchObject({ exitCode: 0, stderr: "" });
  const page = (folder: string): string =>
    readFileSync(place.path(folder, "report.html"), "utf8").replaceAll(
      /&quot;(startedAt|finishedAt)&quot;: &quot;.*?&quot;/g,
      "",
    );
  expect(page("run")).toBe(page("page"));
});

it("a checkpoint folder is the same however its path is spelled", async () => {
  for (const spelled of [`${checkpoint}/`, `./${checkpoint}`, place.path(checkpoint)]) {
    const args = ["--checkpoint", spelled, "--prompts", "sets/my set.json", "--references", "3", ...small];
    expect(await place.run("run", ...args, "--out", "first")).toMatchObject({ exitCode: 0, stderr: "" });
  }
  expect(readdirSync(place.path("first"))).not.toContain("passes"); // work files do not come back
});

it.skipIf(process.platform === "win32")(
  "Ctrl-C while weights are made ends it, and leaves nothing",
  async () => {
    const child = place.start("prompts", "check", "measure", "--checkpoint", "random:klein-4b");
    const ended = finish(child);
    const made = (): string[] => readdirSync(place.path("cache")).filter((name) => name.includes("klein-4b"));
    while (!existsSync(place.path("cache")) || made().length === 0) await setTimeout(10);
    child.kill("SIGINT");
    const { exitCode, stderr } = await ended;
    expect(stderr).toMatch(/Interrupted/);
    expect(exitCode).toBe(130);
    expect(made()).toEqual([]);
  },
);
