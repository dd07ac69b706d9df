import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlace, type Place } from "./place.ts";
import { checkScript, findCommandCalls } from "./shell-commands.ts";

describe("findCommandCalls", () => {
  it("finds every way to start the command, with its options", () => {
    const script = [
      "npx measure-plantain run --out a \\\n  --flips=9 # --not this",
      "node apps/cli/dist/main.js prompts check measure --json && measure-plantain merge out in",
      'id=$(measure-plantain verify "$folder" --json)',
      "measure-plantain --quiet",
      "npm test --workspaces",
    ].join("\n");
    expect(findCommandCalls(script)).toEqual([
      { command: "run", options: ["--out", "--flips"] },
      { command: "prompts check", options: ["--json"] },
      { command: "merge", options: [] },
      { command: "verify", options: ["--json"] },
      { command: "run", options: ["--quiet"] },
    ]);
  });
});

describe("checkScript", () => {
  let place: Place;
  beforeAll(async () => {
    place = await createPlace();
  });
  afterAll(() => place.remove());

  it("finds nothing wrong with what works", async () => {
    expect(await checkScript("measure-plantain run --device cuda --batch 8\n", place)).toEqual([]);
  });

  it("names an option and a command that there are not, and a script that bash cannot read", async () => {
    const problems = await checkScript("measure-plantain run --devise cuda\nmeasure-plantain fly\n", place);
    expect(problems).toEqual([
      "measure-plantain run has no option --devise",
      "measure-plantain has no command fly. ",
    ]);
    expect((await checkScript("for x in 1; do\n", place))[0]).toContain("syntax error");
  });
});
