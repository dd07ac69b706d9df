import { buildTransformerModel, type Checkpoint, type SessionTensors } from "@measure-plantain/flux-runtime";
import { hookModel, type HookOptions, listProjections } from "@measure-plantain/head-hooks";
import { describe, expect, it } from "vitest";
import { createRotaryEmbedding } from "../../flux-runtime/src/sampling/rotary-embedding.ts";
import { openModelSession } from "../../flux-runtime/src/session/model-session.ts";
import { openKleinTiny, readExpected } from "../../flux-runtime/test/klein-tiny.ts";
import { chooseGroupSize, optionalTaps, planTaps } from "../src/captures/plan-taps.ts";
import { rangeTensors, segmentRanges } from "../src/captures/token-segments.ts";

const checkpoint = await openKleinTiny();
const plain = buildTransformerModel(checkpoint);
const probe: HookOptions = {
  taps: planTaps(checkpoint, optionalTaps),
  groupSize: chooseGroupSize(checkpoint),
};

describe("a transformer that is hooked for its captures only", () => {
  it("loses the last block's output projection and what follows, and keeps the rest in order", () => {
    const { model } = hookModel(plain, { ...probe, keepOutputs: false });
    const [before, after] = [plain, model].map((bytes) => listProjections(bytes).map(({ node }) => node));
    const lost = before?.filter((node) => after?.includes(node) !== true);
    expect(lost).toEqual(["single_transformer_blocks.19.attn.to_out", "norm_out.linear", "proj_out"]);
    expect(after).toEqual(before?.filter((node) => lost?.includes(node) !== true));
  });

  it.each<[string, HookOptions]>([
    ["over the whole sequence", {}],
    ["for each segment of the tokens", { segments: true }],
    ["with a factor per unit", { scale: true }],
  ])("captures the same bits as beside its velocity: %s", async (_, options) => {
    const feeds = await readFeeds(checkpoint, options);
    const [full, bare] = [true, false].map((keepOutputs) =>
      hookModel(plain, { ...probe, ...options, keepOutputs }),
    );
    if (full === undefined || bare === undefined) throw new RangeError("two models were hooked");
    expect(bare.layout).toEqual(full.layout);
    const { velocity, mean_square: beside } = await runOnce(full.model, feeds);
    const outputs = await runOnce(bare.model, feeds);
    expect(velocity).toBeDefined();
    expect(Object.keys(outputs)).toEqual(["mean_square"]);
    expect(outputs["mean_square"]?.data.length).toBeGreaterThan(0);
    expect(outputs["mean_square"]).toEqual(beside);
  });
});

async function runOnce(model: Uint8Array, feeds: SessionTensors): Promise<SessionTensors> {
  const session = await openModelSession(model, checkpoint.transformer.weights.externalDataFolder);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** One call of the parity fixture, and what the hooks ask for. */
async function readFeeds(
  { transformer }: Checkpoint,
  { segments, scale }: HookOptions,
): Promise<SessionTensors> {
  const expected = await readExpected();
  const image = expected("transformer.hidden_states");
  const text = expected("transformer.encoder_hidden_states");
  const ids = [...expected("transformer.txt_ids").data, ...expected("transformer.img_ids").data];
  const rotary = createRotaryEmbedding(
    { data: Float32Array.from(ids), shape: [ids.length / 4, 4] },
    { axesDims: transformer.config.axes_dims_rope, theta: transformer.config.rope_theta },
  );
  const timestep = expected("transformer.timestep").data.map((sigma) => sigma * 1_000);
  const ranges = segmentRanges({ text: text.shape[1] ?? 0, noise: image.shape[1] ?? 0, reference: 0 });
  return {
    hidden_states: { type: "float32", ...image },
    encoder_hidden_states: { type: "float32", ...text },
    timestep: { type: "float32", data: timestep, shape: [1] },
    rotary_cos: { type: "float32", ...rotary.cos },
    rotary_sin: { type: "float32", ...rotary.sin },
    ...(segments === true && rangeTensors(ranges)),
    ...(scale === true && { scale: { type: "float32" as const, data: Float32Array.of(0.5), shape: [1] } }),
  };
}
