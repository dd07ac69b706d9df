import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, finish, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace({ NO_COLOR: "1" });
const small = [
  "--prompts",
  "few.json",
  "--width",
  "64",
  "--height",
  "64",
  "--max-sequence-length",
  "48",
  ...givenReference,
];

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  const { stdout, stderr, exitCode } = await place.run("run", ...small, "--out", "run");
  expect(exitCode).toBe(0);
  // where nobody watches, progress is plain lines: nothing that moves a cursor or colours a text
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  expect(stdout + stderr).not.toMatch(/[\u001b\r\b]/);
  expect(stderr).toMatch(/^3\/3 capturing passes: 6 passes in [\d.]+ s$/m);
});
afterAll(() => {
  place.remove();
});

it.each([
  ["prompts", "list"],
  ["stats", "run"],
  ["verify", "run"],
])("%s %s ends quietly where nobody reads its results any more", async (...args) => {
  const child = place.start(...args);
  child.stdout?.destroy();
  expect(await finish(child)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

it("goes on to the end where only its progress is not read any more", async () => {
  const child = place.start("run", ...small, "--out", "unwatched");
  child.stderr?.destroy();
  const { exitCode, stdout } = await finish(child);
  expect(stdout).toMatch(/Groups of 16 channels/);
  expect(exitCode).toBe(0);
});

it("--quiet leaves stderr empty, and --json makes stdout one document", async () => {
  const { stdout, stderr } = await place.run("run", ...small, "--out", "run", "--quiet", "--json");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
});

it.each([
  ["the name of a folder", ["verify"]],
  ["the value of an option", ["run", "--device"]],
])("%s is shown, and no terminal obeys it", async (_, command) => {
  const { stdout, stderr } = await place.run(...command, "\u001b[2J\u009b31m\u202e");
  expect(stdout + stderr).toContain("\\u001b[2J\\u009b31m\\u202e");
  expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
});
