import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deviation, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import { openTextEncoder, type TextEncoderOptions } from "../pipeline/open-text-encoder.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import type { Tensor } from "../tensor.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { chooseTextEncoderLayers } from "./text-encoder-layers.ts";

const checkpoint = await openKleinTiny();
const prompt = "a 1-millimeter object on a grey background"; // the fixture's first
const S = 64;
const C = checkpoint.textEncoder.config.hidden_size;

async function encode(opened: Checkpoint, options: TextEncoderOptions): Promise<Tensor> {
  const encoder = await openTextEncoder(opened, { maxSequenceLength: S, ...options });
  try {
    return (await encoder.encode(prompt)).embeds;
  } finally {
    await encoder.close();
  }
}

/** The columns of one stacked layer: [S, C]. */
function layerAt({ data, shape }: Tensor, place: number): Tensor {
  const width = shape.at(-1) ?? 0;
  return {
    data: Float32Array.from(
      { length: S * C },
      (_, index) => data[Math.floor(index / C) * width + place * C + (index % C)] ?? NaN,
    ),
    shape: [S, C],
  };
}

describe("textEncoderLayers", () => {
  it("stacks the hidden states of those layers in their order, each as the reference computes it", async () => {
    const whole = (await readExpected())("prompt_embeds.64"); // layers 9, 18, 27
    const expected = { data: whole.data.subarray(0, S * 3 * C), shape: [1, S, 3 * C] };
    const embeds = await encode(checkpoint, {
      textEncoderLayers: [27, 9, 14],
      rotaryFrequencies: "bfloat16",
    });
    expect(embeds.shape).toEqual([1, S, 3 * C]);
    expect(deviation(layerAt(embeds, 0), layerAt(expected, 2))).toBeLessThan(1e-4);
    expect(deviation(layerAt(embeds, 1), layerAt(expected, 0))).toBeLessThan(1e-4);
    for (const place of [0, 1, 2])
      expect(deviation(layerAt(embeds, 2), layerAt(expected, place))).toBeGreaterThan(1e-3);
  });

  it("gives a layer the same states, whichever are computed behind it", async () => {
    const [few, more] = [
      await encode(checkpoint, { textEncoderLayers: [1, 2, 14] }),
      await encode(checkpoint, { textEncoderLayers: [14, 2, 20] }),
    ];
    expect(layerAt(more, 0)).toEqual(layerAt(few, 2));
    expect(layerAt(more, 1)).toEqual(layerAt(few, 1));
  });

  it.each<[string, readonly number[]]>([
    ["a layer beyond the model", [9, 18, 99]],
    ["the embedding table, as layer 0", [0, 9, 18]],
    ["a layer twice", [9, 9, 18]],
    ["half a layer", [9, 18, 20.5]],
    ["too few layers", [9, 18]],
    ["too many layers", [9, 18, 20, 27]],
    ["none", []],
  ])("refuses %s before anything is loaded, and says what is allowed", async (_, textEncoderLayers) => {
    const { num_hidden_layers } = checkpoint.textEncoder.config;
    const refused = openTextEncoder(checkpoint, { textEncoderLayers });
    await expect(refused).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(refused).rejects.toThrow(
      `must name 3 different layers from 1 to ${num_hidden_layers}, but is ${textEncoderLayers.join(", ") || "empty"}`,
    );
    await expect(refused).rejects.toThrow(/takes 96 channels .* gives 32 .* Use 9, 18, 27, for example/);
  });
});

it("a checkpoint whose encoder has one layer opens with layer 1, as the reference's own test checkpoint", async () => {
  const folder = await mkdtemp(join(tmpdir(), "one-layer-"));
  try {
    const tiny = getCheckpointSpec("tiny");
    const textEncoder = { ...tiny.textEncoder, layers: 1, stackedLayers: 1, hiddenSize: C };
    await synthesizeCheckpoint(folder, { ...tiny, textEncoder });
    const opened = await openCheckpoint(folder);
    expect(() => chooseTextEncoderLayers(opened)).toThrow(
      /must name 1 different layers from 1 to 1.*Use 1, for/,
    );
    expect((await encode(opened, { textEncoderLayers: [1] })).shape).toEqual([1, S, C]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
