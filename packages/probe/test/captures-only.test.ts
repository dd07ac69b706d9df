import { buildTransformerModel, type Checkpoint, type SessionTensors } from "@measure-plantain/flux-runtime";
import { hookModel, type HookOptions, listProjections } from "@measure-plantain/head-hooks";
import { describe, expect, it } from "vitest";
import { createRotaryEmbedding } from "../../flux-runtime/src/sampling/rotary-embedding.ts";
import { openModelSession } from "../../flux-runtime/src/session/model-session.ts";
import { openKleinTiny, readExpected } from "../../flux-runtime/test/klein-tiny.ts";
import { chooseGroupSize, optionalTaps, planTaps } from "../src/captures/plan-taps.ts";
import { rangeTensors, segmentRanges } from "../src/captures/token-segments.ts";

const checkpoint = await openKleinTiny();
const plain = await buildTransformerModel(checkpoint);
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
    ["with the mean of every channel", { channelMeans: true }],
    ["for each segment, with the mean of every channel", { segments: true, channelMeans: true }],
  ])("captures the same bits as beside its velocity: %s", async (_, options) => {
    const feeds = await readFeeds(checkpoint, options);
    const [full, bare] = [true, false].map((keepOutputs) =>
      hookModel(plain, { ...probe, ...options, keepOutputs }),
    );
    if (full === undefined || bare === undefined) throw new RangeError("two models were hooked");
    expect(bare.layout).toEqual(full.layout);
    const { velocity, ...beside } = await runOnce(full.model, feeds);
    const outputs = await runOnce(bare.model, feeds);
    expect(velocity).toBeDefined();
    expect(outputs["mean_square"]?.data.length).toBeGreaterThan(0);
    expect(outputs).toEqual(beside);
  });

  it("keeps every bit of the mean squares if the mean of every channel is captured, too", async () => {
    for (const segments of [false, true]) {
      const feeds = await readFeeds(checkpoint, { segments });
      const [alone, signed] = [false, true].map((channelMeans) =>
        hookModel(plain, { ...probe, segments, channelMeans, keepOutputs: false }),
      );
      if (alone === undefined || signed === undefined) throw new RangeError("two models were hooked");
      const outputs = await runOnce(signed.model, feeds);
      expect(outputs["mean_square"]).toEqual((await runOnce(alone.model, feeds))["mean_square"]);
    }
  });

  it("captures the mean of every channel as that of the tapped tensor, read whole, for each kind of projection", async () => {
    const feeds = await readFeeds(checkpoint, {});
    const { model, layout } = hookModel(plain, { ...probe, channelMeans: true, keepOutputs: false });
    const means = (await runOnce(model, feeds))["channel_mean"]?.data ?? [];
    expect(means).toHaveLength(layout.unitCount * layout.groupSize);
    const kinds = ["transformer_blocks.0.attn.to_out.0", "single_transformer_blocks.19.attn.to_out"];
    for (const { node, firstUnit, unitCount } of layout.taps) {
      if (![...kinds, "transformer_blocks.4.attn.to_add_out"].includes(node)) continue;
      // Each channel of each token as a unit of its own: the tapped tensor itself, [1, S, C].
      const itself = hookModel(plain, {
        taps: [{ at: node }],
        groupSize: 1,
        reduction: "mean",
        perToken: true,
      });
      const whole = (await runOnce(itself.model, feeds))["mean"];
      const [, S = 0, C = 0] = whole?.shape ?? [];
      expect(C).toBe(unitCount * layout.groupSize);
      for (let channel = 0; channel < C; channel += 1) {
        let sum = 0;
        for (let token = 0; token < S; token += 1) sum += Number(whole?.data[token * C + channel]);
        expect(means[firstUnit * layout.groupSize + channel]).toBeCloseTo(sum / S, 5);
      }
    }
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
  const [length = 0, noise = 0] = [text.shape[1], image.shape[1]];
  const textTokens = { promptTokens: [1, 3], tokenCount: length - 1 } as const;
  const ranges = segmentRanges({ text: length, noise, reference: 0 }, textTokens);
  return {
    hidden_states: { type: "float32", ...image },
    encoder_hidden_states: { type: "float32", ...text },
    timestep: { type: "float32", data: timestep, shape: [1] },
    rotary_cos: { type: "float32", ...rotary.cos },
    rotary_sin: { type: "float32", ...rotary.sin },
    ...(segments === true && rangeTensors(ranges, "int64")),
    ...(scale === true && { scale: { type: "float32" as const, data: Float32Array.of(0.5), shape: [1] } }),
  };
}
