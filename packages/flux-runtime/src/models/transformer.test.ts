import { expect, it } from "vitest";
import { deviation, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import { createRotaryEmbedding } from "../sampling/rotary-embedding.ts";
import { openModelSession } from "../session/model-session.ts";
import { toTensor } from "../session/session-tensors.ts";
import { buildTransformer } from "./transformer.ts";

it("the transformer's graph equals Flux2Transformer2DModel on one raw call", async () => {
  const { transformer } = await openKleinTiny();
  const { config, weights } = transformer;
  const expected = await readExpected();
  const ids = [...expected("transformer.txt_ids").data, ...expected("transformer.img_ids").data];
  const rotary = createRotaryEmbedding(
    { data: Float32Array.from(ids), shape: [ids.length / 4, 4] },
    { axesDims: config.axes_dims_rope, theta: config.rope_theta },
  );
  const session = await openModelSession(
    buildTransformer(config, { weights, computeType: "float32" }).serialize(),
    weights.externalDataFolder,
  );
  try {
    const outputs = await session.run({
      hidden_states: { type: "float32", ...expected("transformer.hidden_states") },
      encoder_hidden_states: { type: "float32", ...expected("transformer.encoder_hidden_states") },
      timestep: {
        type: "float32",
        data: expected("transformer.timestep").data.map((timestep) => timestep * 1_000),
        shape: [1],
      },
      rotary_cos: { type: "float32", ...rotary.cos },
      rotary_sin: { type: "float32", ...rotary.sin },
    });
    expect(deviation(toTensor(outputs, "velocity"), expected("transformer.sample"))).toBeLessThan(1e-4);
  } finally {
    await session.close();
  }
});

it("the same configuration and weights give the same bytes", async () => {
  const { config, weights } = (await openKleinTiny()).transformer;
  const build = (): Uint8Array => buildTransformer(config, { weights, computeType: "float32" }).serialize();
  expect(build()).toEqual(build());
});
