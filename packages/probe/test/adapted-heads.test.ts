import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildTransformerModel,
  drawNoise,
  getCheckpointSpec,
  openCheckpoint,
  openTransformer,
  synthesizeCheckpoint,
  type Checkpoint,
  type SessionTensors,
} from "@measure-plantain/flux-runtime";
import { findAttentionProjections, hookModel } from "@measure-plantain/head-hooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawAdapter, writeAdapter } from "../../flux-runtime/test/lora-files.ts";
import { chooseGroupSize, optionalTaps, planTaps } from "../src/captures/plan-taps.ts";

const folder = mkdtempSync(join(tmpdir(), "adapted-"));
let plain: Checkpoint;
let adapted: Checkpoint;

beforeAll(async () => {
  const tiny = getCheckpointSpec("tiny");
  const transformer = { ...tiny.transformer, jointBlocks: 1, singleBlocks: 2, heads: 2 };
  const textEncoder = { ...tiny.textEncoder, layers: 3 };
  await synthesizeCheckpoint(join(folder, "plain"), { ...tiny, transformer, textEncoder });
  plain = await openCheckpoint(join(folder, "plain"));
  const everywhere = drawAdapter(plain, 3, 2);
  const outputs = new Map([...everywhere].filter(([layer]) => /\.to_(?:out|add_out)\b/.test(layer)));
  const naming = { module: (path: string) => path, down: "lora_A", up: "lora_B", alpha: 1 };
  const file = await writeAdapter(join(folder, "outputs.safetensors"), outputs, naming);
  adapted = await openCheckpoint(plain.folder, { loras: [{ file }, { file, scale: -0.3 }] });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function hook(checkpoint: Checkpoint) {
  const taps = planTaps(checkpoint, optionalTaps).map(({ at, sections }) => ({
    at,
    ...(sections && { sections }),
  }));
  const options = { taps, groupSize: chooseGroupSize(checkpoint), scale: true };
  return hookModel(await buildTransformerModel(checkpoint), options);
}

async function velocityOf(checkpoint: Checkpoint, model?: Uint8Array, extraInputs?: SessionTensors) {
  const transformer = await openTransformer(checkpoint, model && { rewriteGraph: () => model });
  const channels = checkpoint.transformer.config.joint_attention_dim;
  const data = Float32Array.from({ length: 3 * channels }, (_, place) => Math.sin(place));
  const { velocity } = await transformer.predict({
    latents: drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 2 } }),
    promptEmbeds: { data, shape: [1, 3, channels] },
    timestep: 800,
    ...(extraInputs && { extraInputs }),
  });
  await transformer.close();
  return velocity;
}

describe("the heads of a transformer with adapters", () => {
  it("are those of the transformer without them, each counted once", async () => {
    const [before, after] = [await buildTransformerModel(plain), await buildTransformerModel(adapted)].map(
      (model) => findAttentionProjections(model).map(({ node, parts }) => ({ node, parts })),
    );
    expect(before?.length).toBe(4); // two of the joint block, one of each single block
    expect(after).toEqual(before);
    expect((await hook(adapted)).layout).toEqual((await hook(plain)).layout);
  });

  it("reach the adapters as scaled: at 1 nothing changes, at 0 their adapters add nothing", async () => {
    const scales = async (checkpoint: Checkpoint, factor: number) => {
      const { model } = await hook(checkpoint);
      return velocityOf(checkpoint, model, {
        scale: { type: "float32", data: Float32Array.of(factor), shape: [1] },
      });
    };
    const whole = await velocityOf(adapted);
    expect(whole).not.toEqual(await velocityOf(plain));
    expect(await scales(adapted, 1)).toEqual(whole);
    expect(await scales(adapted, 0)).toEqual(await scales(plain, 0));
  });
});
