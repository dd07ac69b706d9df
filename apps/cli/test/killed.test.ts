import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, fewBlocks, promptSetJson, type Finished } from "./cli.ts";

// A process is killed at a certain change of the file system, not at a certain time: what it leaves is then the same
// each time. By default a command is started again and again, each time killed a few changes later, until one lives.
// EVERY_CHANGE=1 kills a command at each of its changes in turn, each time in a folder of its own, EVERY_CHANGE=5 at each fifth.
const every = Number(process.env["EVERY_CHANGE"] ?? 0);
const isThorough = every > 0;
const endAtChange = pathToFileURL(join(import.meta.dirname, "end-at-change.mjs")).href;
const place = createWorkplace({ NODE_OPTIONS: `--import ${endAtChange}` });
const settings = [
  ...["--prompts", "few.json", "--width", "64", "--height", "64", "--max-sequence-length", "48"],
  ...["--capture", "signed", "--quiet", "--threads", "1"],
];
const small = [...settings, ...fewBlocks];
const reference = { prompt: "a grey object", seed: 1, steps: 1, guidance: 1, width: 64, height: 64 };
const flips = ["--flips", "20"];

/** A command that is killed. */
interface Scenario {
  readonly title: string;
  /** The folder of the workplace that holds what is there when it starts; nothing by default. */
  readonly before?: string;
  readonly args: readonly string[];
  /** By how many changes later each process is killed than the one before; left out of the quick test by default. */
  readonly stride?: number;
}
const run = ["run", ...small, ...flips, "--out", "run"];
const scenarios: readonly Scenario[] = [
  {
    title: "run with controls, from an empty cache",
    args: ["run", ...settings, ...flips, "--out", "run", "--control", "random-weights", "planted"],
    stride: 60,
  },
  { title: "merge", before: "shards", args: ["merge", "run", "one", "two", "--quiet", ...flips], stride: 20 },
  {
    title: "ablate",
    before: "complete",
    args: ["ablate", "run", "--rank-by", "all", "--top", "1", "--random", "1", "--quiet", "--threads", "1"],
    stride: 20,
  },
  // The parts of the first, and what writes the same files as it.
  { title: "making a checkpoint", args: ["prompts", "check", "few.json", "--quiet"] },
  { title: "run", args: run },
  {
    title: "run with a control of random weights",
    before: "complete",
    args: [...run, "--control", "random-weights"],
  },
  { title: "run with a planted control", before: "complete", args: [...run, "--control", "planted"] },
  { title: "stats --figures", before: "complete", args: ["stats", "run", "--figures", ...flips] },
  { title: "report", before: "complete", args: ["report", "run"] },
];
const isAsked = ({ title, stride }: Scenario): boolean =>
  isThorough ? title !== scenarios[0]?.title : stride !== undefined;

/** Runs a command in a folder of the workplace, with a cache in it; it ends as the other variables say. */
async function start(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const own = { MEASURE_PLANTAIN_CACHE: place.path(folder, "cache"), ...variables };
  return place.runIn(folder, own, ...args);
}

function prepare(folder: string, before: string | undefined): void {
  if (before === undefined) mkdirSync(place.path(folder));
  else cpSync(place.path(before), place.path(folder), { recursive: true });
  writeFileSync(place.path(folder, "few.json"), promptSetJson({ reference }));
}

/** Every file of a folder, by its path: a hash of its bytes, but for times and memory. */
function contentsOf(folder: string): Record<string, string> {
  const entries = readdirSync(place.path(folder), { recursive: true, withFileTypes: true });
  const contents = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    // What a cached checkpoint is called depends on where and when the one that it was made from was written.
    const name = path.slice(place.path(folder).length).replace(/-[0-9a-f]{16}(?=[-/]|$)/, "-KEY");
    const text = entry.isDirectory() ? "a folder" : withoutTimes(readFileSync(path, "latin1"));
    return [name, createHash("sha256").update(text).digest("hex")] as const;
  });
  return Object.fromEntries(contents);
}

/** What a manifest says about one execution, in JSON or on a page. */
function withoutTimes(text: string): string {
  return text
    .replaceAll(/((?:"|&quot;)(?:started|finished)At(?:"|&quot;): )[^\n]*/g, "$1")
    .replaceAll(/((?:"|&quot;)stages(?:"|&quot;): )\[.*?\n {2}\]/gs, "$1");
}

beforeAll(async () => {
  prepare("complete", undefined);
  expect((await start("complete", run)).exitCode).toBe(0);
  prepare("shards", undefined);
  for (const [shard, out] of [
    ["1/2", "one"],
    ["2/2", "two"],
  ] as const) {
    const { exitCode } = await start("shards", ["run", ...small, "--shard", shard, "--out", out]);
    expect(exitCode).toBe(0);
  }
});
afterAll(() => {
  place.remove();
});

describe.each(scenarios.filter(isAsked).map((scenario) => [scenario.title, scenario] as const))(
  "%s, killed",
  (title, { before, args, stride = 1 }) => {
    const name = title.replaceAll(/\W+/g, "-");
    let undisturbed: Record<string, string>;
    let changes: number;
    beforeAll(async () => {
      prepare(name, before);
      const { exitCode, stderr } = await start(name, args, { CHANGES: place.path("changes") });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      undisturbed = contentsOf(name);
      changes = Number(readFileSync(place.path("changes"), "utf8"));
    });

    if (isThorough) {
      it.each(["SIGKILL", "SIGTERM"])(
        "at each of its changes with %s, ends with the same bytes and leaves nothing behind",
        { timeout: 0 },
        async (signal) => {
          const folder = `${name}-${signal}`;
          for (let change = 1; change <= changes; change += every) {
            prepare(folder, before);
            const first = await start(folder, args, { CHANGE: String(change), END_WITH: signal });
            const { exitCode } = first;
            expect({ change, exitCode }).toEqual({
              change,
              exitCode: signal === "SIGKILL" ? null : exitCode,
            });
            if (signal === "SIGTERM") {
              expect([0, 143]).toContain(exitCode); // 0: it came when nothing was left to be ended
              expect(
                Object.keys(contentsOf(folder)).filter((path) => /\.(partial|lock)$/.test(path)),
              ).toEqual([]);
            }
            const second = await start(folder, args);
            expect({ change, ...second }).toMatchObject({ change, exitCode: 0, stderr: "" });
            expect(contentsOf(folder), `change ${change}`).toEqual(undisturbed);
            rmSync(place.path(folder), { recursive: true });
          }
          console.info(
            `${title}: ended with ${signal} at every ${every}. of ${changes} changes, and started again`,
          );
        },
      );
      return;
    }
    it("again and again, ends with the same bytes and leaves nothing behind", async () => {
      prepare(`${name}-again`, before);
      let kills = 0;
      for (let change = 1; ; change += stride) {
        const { exitCode, stderr } = await start(`${name}-again`, args, { CHANGE: String(change) });
        if (exitCode === 0) break;
        expect({ exitCode, stderr }).toEqual({ exitCode: null, stderr: "" });
        kills += 1;
      }
      expect(kills).toBeGreaterThan(1);
      expect(contentsOf(`${name}-again`)).toEqual(undisturbed);
    });
  },
);
