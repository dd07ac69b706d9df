import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkplace, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"];
  expect((await place.run("run", "--prompts", "few.json", ...small, "--out", "run")).exitCode).toBe(0);
});
afterAll(() => {
  place.remove();
});

it("a run folder as it was written verifies", async () => {
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(stdout.match(/^✓ /gm)).toHaveLength(8);
  expect(exitCode).toBe(0);
});

it.each([
  [
    "units.csv",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace(/0\.\d/, "0.9"));
    },
  ],
  [
    "summary.json",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace('"observed": ', '"observed": 9'));
    },
  ],
  [
    "reference.png",
    (path: string) => {
      copyFileSync(`${kleinTiny}/input.png`, path);
    },
  ],
] as const)("a changed %s is named", async (file, change) => {
  cpSync(place.path("run"), place.path("changed"), { recursive: true });
  change(place.path("changed", file));
  const { exitCode, stdout, stderr } = await place.run("verify", "changed");
  expect(stdout).toMatch(new RegExp(`^✗ ${file.replace(".", "\\.")}`, "m"));
  expect(stderr).toMatch(/checks of .*changed failed/);
  expect(exitCode).toBe(2);
});

it("changed captures are named", async () => {
  cpSync(place.path("run"), place.path("captures"), { recursive: true });
  const path = place.path("captures/captures.safetensors");
  const bytes = readFileSync(path);
  bytes.writeFloatLE(-1, bytes.length - 4);
  writeFileSync(path, bytes);
  const { exitCode, stdout } = await place.run("verify", "captures", "--json");
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toContainEqual({
    what: "the captures are whole",
    problem: expect.stringContaining("holds -1 at place") as string,
  });
});
