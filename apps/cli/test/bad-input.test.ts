import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, givenReference, kleinTiny, promptSetJson } from "./cli.ts";

// No driver shows a card to these, also on a machine that has one.
const place = createWorkplace({ CUDA_VISIBLE_DEVICES: "-1" });
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"];

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  writeFileSync(place.path("no-image.png"), "this is text");
  const args = ["--prompts", "few.json", ...small, ...givenReference];
  const { exitCode } = await place.run("run", ...args, "--out", "done");
  expect(exitCode).toBe(0);
});
afterAll(() => {
  place.remove();
});

/** Runs into a fresh folder and expects exit code 2, one message, and no folder left behind. */
async function refused(args: readonly string[], message: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await place.run(...args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m); // a message, not a stack
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
}

describe("exit code 2 and one clear message for", () => {
  const pair = { id: "same", a: "one object", b: "another object" };
  it.each([
    [
      "a duplicate id",
      { pairs: [pair, pair] },
      /bad\.json:\d+:\d+: pairs\[1\]\.id: two pairs have the same id.*"same" at pairs\[0\]/s,
    ],
    ["an empty side", { pairs: [pair, { ...pair, id: "empty", a: "" }] }, /pairs\[1\]\.a: a side is empty/],
    ["one pair", { pairs: [pair] }, /pairs: there are too few pairs\. Expected at least two/],
  ])("a prompt set with %s", async (_, changes, message) => {
    writeFileSync(place.path("bad.json"), promptSetJson(changes));
    await refused(["run", "--prompts", "bad.json", ...small, "--out", "none"], message);
  });

  it("a reference that is no image", () =>
    refused(
      ["run", "--prompts", "few.json", "--reference", "no-image.png", "--out", "none"],
      /no-image\.png.*image/s,
    ));

  it("a reference that does not exist", () =>
    refused(["run", "--prompts", "few.json", "--reference", "missing.png", "--out", "none"], /missing\.png/));

  it("an output folder of a run with other settings, which is left as it is", async () => {
    const before = readdirSync(place.path("done")).map((file) => readFileSync(place.path("done", file)));
    const args = [
      "run",
      "--prompts",
      "few.json",
      ...small,
      ...givenReference,
      "--seed",
      "7",
      "--out",
      "done",
    ];
    await refused(args, /holds a run with other settings.*noiseSeeds.0: 0 there, 7 now/s);
    expect(readdirSync(place.path("done")).map((file) => readFileSync(place.path("done", file)))).toEqual(
      before,
    );
  });

  it("an output folder that holds something else", () =>
    refused(["run", "--prompts", "few.json", ...small, "--out", "cache"], /is not a run folder/));

  it("a width that is no multiple of 16", () =>
    refused(
      ["run", "--prompts", "few.json", "--width", "100", "--height", "64", "--out", "none"],
      /width must be a positive multiple of 16 pixels, but is 100\. Use 96/,
    ));

  it("a checkpoint that is not there", () =>
    refused(
      ["run", "--checkpoint", "nowhere", "--out", "none"],
      /nowhere is not a checkpoint folder.*tiny/s,
    ));

  it("a model that is not in the Hugging Face cache", () =>
    refused(["run", "--checkpoint", "owner/name", "--out", "none"], /owner\/name.*Hugging Face cache/s));

  it("a truncated weight file", async () => {
    cpSync(join(kleinTiny, "checkpoint"), place.path("cut"), { recursive: true });
    truncateSync(place.path("cut/vae/diffusion_pytorch_model.safetensors"), 100_000);
    await refused(
      ["run", "--checkpoint", "cut", "--out", "none"],
      /vae.diffusion_pytorch_model\.safetensors/,
    );
  });

  it("a tensor of another shape", async () => {
    cpSync(join(kleinTiny, "checkpoint"), place.path("misfit"), { recursive: true });
    const path = place.path("misfit/transformer/config.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"mlp_ratio": 3.0', '"mlp_ratio": 2.0'));
    await refused(
      ["run", "--checkpoint", "misfit", "--prompts", "few.json", ...small, "--out", "misfit-run"],
      /to_out\.weight.*\[64, 192\].*\[64, 256\]/s,
    );
    rmSync(place.path("misfit-run"), { recursive: true, force: true });
  });

  it("CUDA where there is none", () =>
    refused(
      ["run", "--prompts", "few.json", ...small, "--device", "cuda", "--out", "none"],
      /CUDA was asked for, but cannot be used here.*onnxruntime-node\/script\/install\.js.*--device cpu/s,
    ));

  it("a control that is not there, before anything has run", () =>
    refused(
      ["run", "--prompts", "few.json", ...small, "--control", "missing.json", "--out", "none"],
      /missing\.json: the prompt set cannot be read/,
    ));

  it("an image of a prompt set that is not there, also in a control", async () => {
    const side = { prompt: "an object", images: ["gone.png"] };
    const pairs = ["one", "two"].map((id) => ({ id, a: side, b: "an object" }));
    writeFileSync(place.path("gone.json"), promptSetJson({ name: "gone", pairs }));
    const message = /The image .*gone\.png, which the prompt set names, cannot be read \(ENOENT/;
    await refused(["run", "--prompts", "gone.json", ...small, "--out", "none"], message);
    await refused(
      ["run", "--prompts", "few.json", ...small, "--control", "gone.json", "--out", "none"],
      message,
    );
    await refused(["prompts", "check", "gone.json"], message);
  });

  it("all sign flips of more pairs than can be enumerated, before anything has run", () =>
    refused(
      ["run", "--prompts", "otherview", ...small, "--flips", "exact", "--out", "none"],
      /--flips exact takes up to 27 pairs, but otherview has 30\. Use random flips, as in --flips 10000\./,
    ));

  it.each([
    ["1", /1 random flips cannot give p below 0\.50\. Use 19 or more.*or exact/],
    ["18", /18 random flips cannot give p below 0\.053/],
    [
      "999999999",
      /999999999 random flips take too long.*Use 1000000 or fewer, which give p down to 0\.000001, or exact/,
    ],
    ["0", /Expected a whole number from 1 on/],
  ])("%s sign flips", (flips, message) => refused(["stats", "done", "--flips", flips], message));

  it.each([[["run"]], [["merge", "out", "done"]], [["report", "done"]], [["compare", "done", "done"]]])(
    "too few sign flips, in %s as in stats",
    (command) => refused([...command, "--flips", "1"], /1 random flips cannot give p below 0\.50/),
  );

  it("an option of the wrong kind", () =>
    refused(["run", "--seed", "many"], /--seed.*Expected a whole number/s));

  it("an unknown command", () => refused(["measure"], /unknown command|too many arguments/));

  it("a folder that holds no run", () => refused(["stats", "cache"], /is not a run folder/));
});

it("a file where the run folder should be ends in one sentence", async () => {
  const { exitCode, stderr } = await place.run("run", "--prompts", "few.json", ...small, "--out", "few.json");
  expect(stderr).toMatch(/^measure-plantain: .*few\.json.*$/m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(exitCode).not.toBe(0);
});

it("a prompt set's name is no path", async () => {
  writeFileSync(place.path("up.json"), promptSetJson({ name: "x/../../../up" }));
  expect((await place.run("run", "--prompts", "up.json", ...small, "--quiet")).exitCode).toBe(0);
  expect(readdirSync(place.path("runs"))).toEqual(["tiny-x-..-..-..-up"]);
});

it("nothing that was refused left a folder behind", () => {
  expect(readdirSync(place.folder)).not.toContain("none");
});
