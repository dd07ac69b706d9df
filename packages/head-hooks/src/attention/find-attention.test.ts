import { describe, expect, it } from "vitest";
import { buildForm, C, D, FORMS, H, isHalf } from "../../test/attention-forms.ts";
import { randomValues, toFloat16 } from "../../test/build-model.ts";
import {
  bitsOf,
  fromFloat16,
  meanSquareOf,
  relativeError,
  runModel,
  type Tensor,
} from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { attentionTaps } from "./attention-taps.ts";
import { findAttentionProjections } from "./find-attention.ts";

const shape = [1, 5, C];
const values = randomValues(5 * C, 21);
const x = { data: values, shape };
const half = { data: Uint16Array.from(new Uint32Array(values.buffer), toFloat16), shape };

function floats({ data, shape: axes }: Tensor): Tensor {
  return { data: data instanceof Uint16Array ? Float32Array.from(data, fromFloat16) : data, shape: axes };
}

describe.each(FORMS)("findAttentionProjections in $title", (form) => {
  const feeds = { x: isHalf(form.parts) ? half : x };

  it("finds the projection and its heads", () => {
    const found = findAttentionProjections(buildForm(form));
    expect(found.map(({ node, attention }) => [node, attention.op])).toEqual([[form.node, form.attention]]);
    expect(found[0]?.parts).toEqual([{ kind: "attention", channels: C, heads: H, headSize: D }]);
  });

  it("captures what the tapped tensor holds, under the module's path", async () => {
    const bytes = buildForm(form, [form.tapped]);
    const { model, layout } = hookModel(bytes, { groupSize: 2 });
    const outputs = await runModel(model, feeds);
    const tapped = floats(outputs[form.tapped] ?? { data: new Float32Array(), shape: [] });
    const expected = meanSquareOf({ data: tapped.data, shape }, 2);
    expect(relativeError(outputs["mean_square"]?.data as Float32Array, expected)).toBeLessThan(1e-5);
    expect(layout.headCount).toBe(H);
    expect(layout.sections[0]?.path).toBe(form.path ?? layout.sections[0]?.path);
  });

  it.each([
    ["a capture", {}, {}],
    ["factors of 1", { scale: true }, { scale: { data: Float32Array.of(1), shape: [1] } }],
    ["optional factors", { scale: { isOptional: true } }, {}],
  ])("leaves the other outputs bit-identical with %s", async (_, options, factors) => {
    const bytes = buildForm(form);
    const plain = await runModel(bytes, feeds);
    const hooked = await runModel(hookModel(bytes, options).model, { ...feeds, ...factors });
    expect(bitsOf(hooked["y"])).toEqual(bitsOf(plain["y"]));
  });

  it("is hooked once only", () => {
    const first = hookModel(buildForm(form), { scale: true });
    const second = hookModel(first.model, { scale: true });
    expect(second.modified).toBe(false);
    expect(second.layout).toEqual(first.layout);
  });

  it("is found by its module's path, where the exporter left one", () => {
    if (form.path === undefined) return;
    const bytes = buildForm(form);
    for (const at of [form.path, "encoder.layer.*.attention.output.dense"]) {
      expect(attentionTaps(bytes, { at })).toHaveLength(1);
      expect(hookModel(bytes, { taps: [{ at, path: "layer" }], groupSize: 4 }).layout.unitCount).toBe(C / 4);
    }
  });
});
