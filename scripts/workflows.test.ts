import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageFolders, readManifest } from "./published-packages.mjs";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>;
        readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
        readonly "timeout-minutes"?: number;
        readonly steps: readonly Step[];
      }
    >
  >;
}

const folder = new URL("../.github/workflows/", import.meta.url);
const texts = new Map(readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), "utf8")]));
const read = (file: string): Workflow => parse(texts.get(file) ?? "") as Workflow;

describe.each([...texts.keys()])("%s", (file) => {
  test("pins every action by the hash of a commit, with its version beside it", () => {
    const uses = [...(texts.get(file) ?? "").matchAll(/uses: (.*)$/gm)].map(([, action = ""]) => action);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+/);
  });

  test("allows by default no more than reading, and leaves no credentials behind a checkout", () => {
    const workflow = read(file);
    expect(Object.values(workflow.permissions ?? { all: "write" })).not.toContain("write");
    for (const { steps, "timeout-minutes": minutes } of Object.values(workflow.jobs)) {
      expect(minutes).toBeLessThanOrEqual(45);
      for (const step of steps.filter(({ uses = "" }) => uses.startsWith("actions/checkout@"))) {
        expect(step.with).toMatchObject({ "persist-credentials": false });
      }
    }
  });

  test("knows no secret", () => {
    expect(texts.get(file)).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN/);
  });
});

test("CI runs both commands of the README on Node 20, 22 and 24", () => {
  const { linux } = read("ci.yml").jobs;
  expect(linux?.strategy?.matrix["node"]).toEqual([20, 22, 24]);
  expect(linux?.steps.flatMap(({ run = [] }) => run)).toEqual(["npm test", "npm start"]);
});

test("one job of the release can prove who it is, and it runs nothing of this repository or its dependencies", () => {
  const { jobs } = read("release.yml");
  const able = Object.keys(jobs).filter((name) => jobs[name]?.permissions?.["id-token"] === "write");
  expect(able).toEqual(["publish"]);
  expect(jobs["publish"]?.permissions).toEqual({ "id-token": "write" });
  expect(jobs["publish"]?.steps.map(({ uses = "run" }) => uses.split("@")[0])).toEqual([
    "actions/setup-node",
    "actions/download-artifact",
    "run",
  ]);
});

test("the release publishes what is depended upon before what depends on it", () => {
  const publishing =
    read("release.yml")
      .jobs["publish"]?.steps.flatMap(({ run = [] }) => run)
      .join("\n") ?? "";
  const [, listed = ""] = /packed\/measure-plantain-\{(.*?)\}\*\.tgz/.exec(publishing) ?? [];
  const names = packageFolders.map((folder) => readManifest(folder).name.replace(/^@measure-plantain\//, ""));
  expect(listed.split(",")).toEqual(names.map((name) => (name === "measure-plantain" ? "[0-9]" : name)));
});
