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
    expect(exitCode).toBe(1);
    expect(made()).toEqual([]);
  },
);
