import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { getCheckpointSpec, synthesizeCheckpoint } from "@measure-plantain/flux-runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "@measure-plantain/probe";
import type { Summary } from "@measure-plantain/report";
import { createWorkplace, fewBlocks, finish, givenReference, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const size = ["--width", "64", "--height", "64"];
const small = ["--prompts", "few.json", ...size, "--max-sequence-length", "48", ...fewBlocks];
const captures = (folder: string): Buffer => readFileSync(place.path(folder, "captures.safetensors"));
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(place.path(folder, "manifest.json"), "utf8")) as Manifest; // what the command wrote

const isLeftOver = (path: string): boolean => /\.(partial|lock)$/.test(path);

/** Waits until a run has stored some passes. */
async function passesIn(out: string, count: number): Promise<void> {
  const passes = place.path(out, "passes");
  while (!existsSync(passes) || readdirSync(passes).length < count) await setTimeout(5);
}

beforeAll(() => {
  writeFileSync(place.path("few.json"), promptSetJson());
});
afterAll(() => {
  place.remove();
});

describe("run", () => {
  it("writes a whole run folder and prints the table on stdout", async () => {
    const { exitCode, stdout, stderr } = await place.spawn("run", ...small, "--out", "first");
    expect(stderr).toContain("Device:");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Groups of 16 channels: 40/);
    expect(stdout).toMatch(/Random weights: a control, not evidence/);
    expect(readdirSync(place.path("first")).sort()).toEqual([
      "captures.safetensors",
      "heads.csv",
      "heads.parquet",
      "manifest.json",
      "pairs.csv",
      "reference.json",
      "reference.png",
      "report.html",
      "summary.json",
      "summary.md",
      "units.csv",
      "units.json",
      "units.parquet",
    ]);
    const { state, stages, settings, audit } = manifest("first");
    expect({ state, width: settings.width }).toEqual({ state: "complete", width: 64 });
    for (const { tokens, sharedTokens } of audit.pairs) {
      expect(sharedTokens?.prefix).toBeGreaterThan(1); // "an object"
      expect(sharedTokens?.suffix).toBeGreaterThan(1); // "than a …"
      expect((sharedTokens?.prefix ?? 0) + (sharedTokens?.suffix ?? 0)).toBeLessThan(tokens.a);
    }
    for (const { seconds } of stages) expect(seconds).toBeGreaterThan(0);
    if (process.platform === "linux") {
      const capture = stages.find(({ stage }) => stage === "capture passes");
      expect(capture?.peakPrivateMemory).toBeGreaterThan(1e6);
      expect(capture?.peakResidentMemory).toBeGreaterThan(capture?.peakPrivateMemory ?? 0);
    }
  });

  it("gives the same captures, byte for byte, a second time", async () => {
    await place.run("run", ...small, "--out", "second");
    expect(captures("second").equals(captures("first"))).toBe(true);
  });

  describe("cut short", () => {
    const args = ["run", "--prompts", "ten.json", ...size, "--max-sequence-length", "96", ...givenReference];
    beforeAll(async () => {
      const pairs = Array.from({ length: 10 }, (_, id) => ({ id: `${id}`, a: `${id} mm`, b: `${id} km` }));
      writeFileSync(place.path("ten.json"), promptSetJson({ name: "ten", pairs }));
      await place.run(...args, "--out", "whole");
    });

    it("killed amid the passes and started again, ends with the same bytes", async () => {
      const stored = await place.killAmidPasses("killed", 5, ...args);
      expect(stored).toBeGreaterThanOrEqual(5);
      expect(stored).toBeLessThan(20);
      expect(existsSync(place.path("killed", "captures.safetensors"))).toBe(false);

      const { exitCode, stderr } = await place.run(...args, "--out", "killed");
      expect(stderr).toMatch(/\d+ of 20 passes are there already/);
      expect(exitCode).toBe(0);
      expect(captures("killed").equals(captures("whole"))).toBe(true);
    });

    it.each([
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const)(
      "ended by %s, says that nothing is lost, leaves nothing unfinished, and goes on",
      async (signal, code) => {
        const out = `ended-by-${signal}`;
        const child = place.start(...args, "--out", out);
        await passesIn(out, 3);
        child.kill(signal);
        const { exitCode, stderr } = await finish(child);
        expect(exitCode).toBe(code);
        expect(stderr).toMatch(/Interrupted\. What was stored is kept/);
        expect(
          readdirSync(place.path(out), { encoding: "utf8", recursive: true }).filter(isLeftOver),
        ).toEqual([]);
        expect((await place.run(...args, "--out", out)).exitCode).toBe(0);
        expect(captures(out).equals(captures("whole"))).toBe(true);
      },
    );

    it("ends at once when a second signal comes", async () => {
      // What keeps the process from ending after the first one stands for anything that does.
      const lasting = createWorkplace({
        NODE_OPTIONS: "--import data:text/javascript,setInterval(()=>0,1e3)",
      });
      const child = lasting.start("run", "--max-sequence-length", "64", "--width", "64", "--height", "64");
      const finished = finish(child);
      await once(child.stderr ?? child, "data");
      child.kill("SIGINT");
      for (let text = ""; !text.includes("Interrupted");)
        text += String(await once(child.stderr ?? child, "data"));
      child.kill("SIGTERM");
      await finished;
      expect(child.signalCode).toBe("SIGTERM");
      lasting.remove();
    });

    it("keeps a second run out of its folder, and says which process has it", async () => {
      // So many passes that it is not over before the second begins.
      const long = [...args, "--noise-seeds", "20", "--out", "shared"];
      const first = place.start(...long);
      const finished = finish(first);
      await passesIn("shared", 1);
      const { exitCode, stderr } = await place.run(...long, "--quiet");
      expect(stderr).toMatch(
        new RegExp(
          `Process ${first.pid} on .* is writing into .*shared, since .*Wait until it ends, or stop it`,
        ),
      );
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(exitCode).toBe(2);
      expect(first.exitCode).toBe(null); // it goes on
      first.kill();
      await finished;
    });
  });

  it("leaves a complete folder's captures alone and computes its statistics anew", async () => {
    const before = manifest("first");
    const { exitCode, stdout } = await place.run(
      "run",
      ...small,
      "--out",
      "first",
      "--flips",
      "exact",
      "--json",
    );
    expect(exitCode).toBe(0);
    expect(manifest("first")).toEqual(before);
    const summary = JSON.parse(stdout) as Summary; // --json prints the summary
    expect(summary.signFlips).toMatchObject({ exact: true });
    expect(JSON.parse(readFileSync(place.path("first", "summary.json"), "utf8"))).toEqual(summary);
  });

  it("runs a checkpoint of any other shape: widths, heads, axes, blocks, shards", async () => {
    const tiny = getCheckpointSpec("tiny");
    await synthesizeCheckpoint(place.path("other"), {
      ...tiny,
      transformer: {
        jointBlocks: 2,
        singleBlocks: 3,
        heads: 3,
        headSize: 24,
        mlpRatio: 2,
        ropeAxes: [4, 8, 8, 4],
      },
      textEncoder: {
        ...tiny.textEncoder,
        layers: 27,
        hiddenSize: 48,
        heads: 6,
        keyValueHeads: 3,
        headSize: 8,
      },
      autoencoder: { widths: [8, 12], latentChannels: 6, normGroups: 2 },
      largestShard: 200_000,
    });
    const args = ["--reference", `${kleinTiny}/reference.png`, "--prompts", "few.json", "--seed", "99"];
    const { exitCode, stdout, stderr } = await place.run(
      ...["run", "--checkpoint", "other", ...args, "--max-sequence-length", "64", "--out", "other-run"],
      ...["--tap", "to_add_out", "--segments"],
    );
    expect(stderr).not.toContain("Error");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Random weights: a control, not evidence/); // its files are marked
    expect(readFileSync(place.path("other-run", "report.html"), "utf8")).toContain(
      "<strong>Random weights.</strong>",
    );
    const { layout, settings, isSynthesizedCheckpoint } = manifest("other-run");
    expect(isSynthesizedCheckpoint).toBe(true);
    expect(settings).toMatchObject({ groupSize: 8, width: 96, height: 64 }); // 16 would cut heads of 24
    expect(layout?.headCount).toBe(5 * 3);
    expect(layout?.unitCount).toBe((2 * 72 + 3 * (72 + 144) + 2 * 72) / 8);
    const rows = (name: string): number =>
      readFileSync(place.path("other-run", name), "utf8").split("\n").length - 2;
    expect(rows("units.csv") + rows("text-stream.csv")).toBe(layout?.unitCount);
  });

  it("without the weights' own reference, a prompt set needs none", async () => {
    writeFileSync(place.path("bare.json"), promptSetJson({ name: "bare", reference: undefined }));
    const args = ["--prompts", "bare.json", "--width", "64", "--height", "64", "--max-sequence-length", "48"];
    const { exitCode } = await place.run("run", ...args, "--out", "bare");
    expect(exitCode).toBe(0);
    expect(existsSync(place.path("bare", "reference.png"))).toBe(false);
  });

  it("conditions a side on its own images where it brings some", async () => {
    const side = (image: string): unknown => ({ prompt: "an object", images: [image] });
    const pairs = ["one", "two"].map((id) => ({
      id,
      a: side(`${kleinTiny}/reference.png`),
      b: side(`${kleinTiny}/input.png`),
    }));
    writeFileSync(place.path("images.json"), promptSetJson({ name: "images", reference: undefined, pairs }));
    const args = [
      "--prompts",
      "images.json",
      "--width",
      "64",
      "--height",
      "64",
      "--max-sequence-length",
      "48",
    ];
    const { exitCode, stderr } = await place.run("run", ...args, "--out", "images");
    expect(stderr).not.toContain("Error");
    expect(exitCode).toBe(0);
  });
});

describe("stats", () => {
  it("computes the same statistics from the captures as the run did", async () => {
    const before = readFileSync(place.path("second", "units.csv"), "utf8");
    const { exitCode } = await place.run("stats", "second");
    expect(exitCode).toBe(0);
    expect(readFileSync(place.path("second", "units.csv"), "utf8")).toBe(before);
  });
});

describe("generate", () => {
  it("writes an image of the asked size", async () => {
    const args = [
      "--prompt",
      "a grey object",
      "--steps",
      "2",
      "--width",
      "64",
      "--height",
      "96",
      "--out",
      "image.png",
    ];
    const { exitCode, stdout } = await place.run(
      "generate",
      ...args,
      "--max-sequence-length",
      "48",
      "--json",
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ out: "image.png", width: 64, height: 96 });
    const png = readFileSync(place.path("image.png"));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([64, 96]);
  });

  it("takes models from files in the checkpoint's place, and names one that does not fit", async () => {
    const checkpoint = `${kleinTiny}/checkpoint`;
    const vae = `${checkpoint}/vae/diffusion_pytorch_model.safetensors`;
    const args = ["--checkpoint", checkpoint, "--prompt", "x", "--steps", "1", "--guidance", "1", ...size];
    const short = ["--max-sequence-length", "24", "--quiet"];
    const images = await Promise.all(
      [[], ["--vae", vae]].map(async (given, index) => {
        const out = `image-${index}.png`;
        const { stderr } = await place.run("generate", ...args, ...short, ...given, "--out", out);
        expect(stderr).toBe("");
        return readFileSync(place.path(out));
      }),
    );
    expect(images[1]?.equals(images[0] ?? Buffer.of())).toBe(true);
    const wrong = await place.run("generate", ...args, ...short, "--transformer", vae, "--out", "none.png");
    expect(wrong.stderr).toMatch(/diffusion_pytorch_model\.safetensors lacks \d+ of the \d+ tensors/);
    expect(wrong.exitCode).toBe(2);
  });
});

describe("prompts", () => {
  it("lists the built-in sets", async () => {
    const { stdout } = await place.run("prompts", "list", "--json");
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "measure", pairs: 25 }));
  });

  it("checks a file and audits its pairs", async () => {
    const { exitCode, stdout } = await place.run("prompts", "check", "few.json");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/few 1\.0\.0: 3 pairs, valid/);
    expect(stdout).toMatch(/thumb \(\d+\/\d+ tokens\)/);
  });
});
