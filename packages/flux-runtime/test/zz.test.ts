import { expect, it } from "vitest";
import type { ComputeType } from "../src/graph/element-type.ts";
import { listOutputProjections } from "../src/models/output-projections.ts";
import { buildTransformer } from "../src/models/transformer.ts";
import { createRotaryEmbedding } from "../src/sampling/rotary-embedding.ts";
import { openModelSession } from "../src/session/model-session.ts";
import { toTensor } from "../src/session/session-tensors.ts";
import { countRoundings, emulateHalfPrecision } from "./emulate-half-precision.ts";
import { deviation, openKleinTiny, readExpected } from "./klein-tiny.ts";
import type { Tensor } from "../src/tensor.ts";

const q = (v: number[], p: number) => v.sort((a, b) => a - b)[Math.floor(p * (v.length - 1))];
const dist = (v: number[]) => [0.5, 0.99, 1].map((p) => q(v, p)?.toExponential(2)).join(" ");
function rms16(t: Tensor) {
  const [, S = 0, C = 0] = t.shape; const G = C / 16; const o = new Float64Array(G);
  for (let s = 0; s < S; s++) for (let c = 0; c < C; c++) o[Math.floor(c / 16)]! += (t.data[s * C + c] ?? 0) ** 2;
  return o.map((x) => Math.sqrt(x / S / 16));
}
it("x", async () => {
  const { transformer } = await openKleinTiny();
  const { config, weights } = transformer;
  const expected = await readExpected();
  const ids = [...expected("transformer.txt_ids").data, ...expected("transformer.img_ids").data];
  const rotary = createRotaryEmbedding({ data: Float32Array.from(ids), shape: [ids.length / 4, 4] }, { axesDims: config.axes_dims_rope, theta: config.rope_theta });
  const feeds = {
      hidden_states: { type: "float32", ...expected("transformer.hidden_states") },
      encoder_hidden_states: { type: "float32", ...expected("transformer.encoder_hidden_states") },
      timestep: { type: "float32", data: expected("transformer.timestep").data.map((t) => t * 1000), shape: [1] },
      rotary_cos: { type: "float32", ...rotary.cos }, rotary_sin: { type: "float32", ...rotary.sin },
  } as const;
  const taps = listOutputProjections(config).map((p) => p.node);
  const run = async (computeType: ComputeType, rounding: boolean) => {
    const t0 = performance.now();
    const m = buildTransformer(config, { weights, computeType });
    const s = await openModelSession(emulateHalfPrecision(m, { rounding, tapInputsOf: taps }), weights.externalDataFolder);
    const o = await s.run(feeds); await s.close();
    console.log(computeType, rounding, (performance.now() - t0).toFixed(0), "ms", "depth", countRoundings(m, "velocity"));
    return o;
  };
  const ref = await run("float32", false);
  for (const t of ["bfloat16", "float16"] as const) {
    const a = await run(t, false);
    console.log("unrounded", deviation(toTensor(a, "velocity"), expected("transformer.sample")));
    const b = await run(t, true);
    const v = toTensor(b, "velocity"), r = toTensor(ref, "velocity");
    let d = 0, n = 0; const abs: number[] = [];
    v.data.forEach((x, i) => { const y = r.data[i] ?? 0; d += (x - y) ** 2; n += y * y; abs.push(Math.abs(x - y)); });
    const R = Math.sqrt(n / v.data.length);
    console.log(t, "velocity rel L2", Math.sqrt(d / n), dist(abs.map((x) => x / R)), v.data.length);
    const rel: number[] = [];
    for (const tap of taps) {
      const x = rms16(toTensor(b, tap)), y = rms16(toTensor(ref, tap));
      const e = [...x].map((k, i) => Math.abs(k / (y[i] ?? 1) - 1)); rel.push(...e);
      const X = toTensor(b, tap), Y = toTensor(ref, tap); let dd = 0, nn = 0; X.data.forEach((k, i) => { dd += (k - (Y.data[i] ?? 0)) ** 2; nn += (Y.data[i] ?? 0) ** 2; });
      console.log(tap, "L2", Math.sqrt(dd / nn).toExponential(2), "rms16", dist(e), "depth", X.shape.join());
    }
    console.log(t, "rms16 all", dist(rel), rel.length);
  }
  expect(1).toBe(1);
});
