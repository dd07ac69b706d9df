import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { errorOf } from "../../test/error-of.ts";
import { rangesTensor, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";
import type { Reduction } from "./reductions.ts";

const CHANNELS = 12;
const GROUP = 3;
const UNITS = CHANNELS / GROUP;

function maskedModel(opset = 21): Uint8Array {
  return model({
    nodes: [node("Identity", ["x"], "h"), node("MatMul", ["h", "w"], "y", {}, "", "out")],
    inputs: [value("x", ["B", "S", CHANNELS]), value("attention_mask", ["B", "T"], "int64")],
    outputs: [value("y", undefined)],
    initializers: [tensor("w", [CHANNELS, 2], randomValues(2 * CHANNELS, 1))],
    opset,
    irVersion: opset < 10 ? 4 : 10,
  });
}

const compute: Readonly<Record<Reduction, (values: number[]) => number>> = {
  meanSquare: (values) => values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length),
  rms: (values) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length)),
  mean: (values) => values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length),
  absMax: (values) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
};
const reductions = Object.keys(compute) as Reduction[]; // the keys of a record of Reductions

/** A reduction of [B, S, C] over the tokens that count, for each of the K lists of tokens of a batch item. */
function expectedOf(reduction: Reduction, x: Tensor, tokens: (item: number) => number[][]): number[] {
  const [batch = 0, length = 0] = x.shape;
  const result: number[] = [];
  for (let item = 0; item < batch; item++) {
    for (const own of tokens(item)) {
      for (let unit = 0; unit < UNITS; unit++) {
        const values = own.flatMap((token) =>
          Array.from({ length: GROUP }, (_, c) =>
            Number(x.data[(item * length + token) * CHANNELS + unit * GROUP + c]),
          ),
        );
        result.push(compute[reduction](values));
      }
    }
  }
  return result;
}

function expectClose(received: Tensor | undefined, expected: number[], shape: number[]): void {
  expect(received?.shape).toEqual(shape);
  for (const [index, number] of expected.entries())
    expect(Number(received?.data[index])).toBeCloseTo(number, 5);
}

const range = (start: number, stop: number): number[] =>
  Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);

describe.each(reductions)("hookModel with %s", (reduction) => {
  const [batch, length] = [2, 5];
  const x = { data: randomValues(batch * length * CHANNELS, 5), shape: [batch, length, CHANNELS] };
  const kept = [
    [0, 1, 3],
    [0, 1, 2, 3, 4],
  ];
  const attention_mask = {
    data: BigInt64Array.from(
      kept.flatMap((own) => range(0, length).map((token) => (own.includes(token) ? 1n : 0n))),
    ),
    shape: [batch, length],
  };
  const options = { taps: [{ at: "out" }], groupSize: GROUP, reduction };
  const name = { meanSquare: "mean_square", rms: "rms", mean: "mean", absMax: "abs_max" }[reduction];

  it.each([9, 12, 17, 18, 21])(
    "reduces all tokens, with and without a mask, under operator set %i",
    async (opset) => {
      const all = await runModel(hookModel(maskedModel(opset), options).model, { x, attention_mask });
      expectClose(
        all[name],
        expectedOf(reduction, x, () => [range(0, length)]),
        [batch, UNITS],
      );
      const masked = hookModel(maskedModel(opset), { ...options, maskInput: "attention_mask" });
      const outputs = await runModel(masked.model, { x, attention_mask });
      expectClose(
        outputs[name],
        expectedOf(reduction, x, (item) => [kept[item] ?? []]),
        [batch, UNITS],
      );
    },
  );

  it.each([9, 21])("reduces segments, with and without a mask, under operator set %i", async (opset) => {
    const rows = [
      [0, 2],
      [2, 5],
      [3, 3],
    ] as const;
    const segments = rangesTensor(rows);
    const whole = await runModel(hookModel(maskedModel(opset), { ...options, segments: true }).model, {
      x,
      attention_mask,
      segments,
    });
    const lists = rows.map(([start, stop]) => range(start, stop));
    expectClose(
      whole[name],
      expectedOf(reduction, x, () => lists),
      [batch, 3, UNITS],
    );
    const both = hookModel(maskedModel(opset), { ...options, segments: true, maskInput: "attention_mask" });
    const outputs = await runModel(both.model, { x, attention_mask, segments });
    const inside = (item: number): number[][] =>
      lists.map((own) => own.filter((token) => kept[item]?.includes(token)));
    expectClose(outputs[name], expectedOf(reduction, x, inside), [batch, 3, UNITS]);
  });

  it("keeps each token, those that a mask leaves out at 0", async () => {
    const each = await runModel(hookModel(maskedModel(), { ...options, perToken: true }).model, {
      x,
      attention_mask,
    });
    expectClose(
      each[name],
      expectedOf(reduction, x, () => range(0, length).map((token) => [token])),
      [batch, length, UNITS],
    );
    const masked = hookModel(maskedModel(), { ...options, perToken: true, maskInput: "attention_mask" });
    const outputs = await runModel(masked.model, { x, attention_mask });
    const tokens = (item: number): number[][] =>
      range(0, length).map((token) => (kept[item]?.includes(token) ? [token] : []));
    expectClose(outputs[name], expectedOf(reduction, x, tokens), [batch, length, UNITS]);
    expect(
      hookModel(masked.model, { ...options, perToken: true, maskInput: "attention_mask" }).modified,
    ).toBe(false);
  });

  it("lets no token count that a mask leaves out, whatever it holds", async () => {
    const data = x.data.slice();
    data.fill(NaN, 2 * CHANNELS, 3 * CHANNELS);
    const { model: hooked } = hookModel(maskedModel(), { ...options, maskInput: "attention_mask" });
    const outputs = await runModel(hooked, { x: { ...x, data }, attention_mask });
    expectClose(
      outputs[name],
      expectedOf(reduction, x, (item) => [kept[item] ?? []]),
      [batch, UNITS],
    );
  });
});

describe("a mask", () => {
  it("longer than the tokens counts by its last entries, as with a key-value cache", async () => {
    const data = randomValues(2 * CHANNELS, 5);
    const { model: hooked } = hookModel(maskedModel(), {
      taps: [{ at: "out" }],
      groupSize: GROUP,
      maskInput: "attention_mask",
    });
    const outputs = await runModel(hooked, {
      x: { data, shape: [1, 2, CHANNELS] },
      attention_mask: { data: BigInt64Array.of(1n, 1n, 1n, 0n, 1n), shape: [1, 5] },
    });
    const expected = expectedOf("meanSquare", { data, shape: [1, 2, CHANNELS] }, () => [[1]]);
    expectClose(outputs["mean_square"], expected, [1, UNITS]);
  });

  it("shorter than the tokens makes the run fail, of length 1 too", async () => {
    for (const extra of [{}, { segments: true }]) {
      const { model: hooked } = hookModel(maskedModel(), {
        taps: [{ at: "out" }],
        groupSize: 3,
        maskInput: "attention_mask",
        ...extra,
      });
      for (const length of [1, 4]) {
        const run = runModel(hooked, {
          x: { data: randomValues(5 * CHANNELS, 5), shape: [1, 5, CHANNELS] },
          attention_mask: { data: new BigInt64Array(length).fill(1n), shape: [1, length] },
          ...(extra.segments === true && { segments: rangesTensor([[0, 5]]) }),
        });
        await expect(run).rejects.toThrow(/kept/);
      }
    }
  });

  it("that the model does not have is refused with its inputs; so are senseless reductions and combinations", () => {
    const codeOf = (options: HookOptions): string =>
      errorOf(() => hookModel(maskedModel(), { taps: [{ at: "out" }], ...options })).code;
    expect(codeOf({ maskInput: "padding" })).toBe("invalid-argument");
    expect(codeOf({ perToken: true, segments: true })).toBe("invalid-argument");
    expect(codeOf({ reduction: "toString" as Reduction })).toBe("invalid-argument"); // what untyped callers may pass
  });

  it("leaves the same as running without the tokens", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        async (keep, seed) => {
          fc.pre(keep.some(Boolean));
          const data = randomValues(keep.length * CHANNELS, seed);
          const { model: hooked } = hookModel(maskedModel(), {
            taps: [{ at: "out" }],
            groupSize: GROUP,
            maskInput: "attention_mask",
          });
          const run = async (values: Float32Array, mask: bigint[]): Promise<Tensor | undefined> =>
            (
              await runModel(hooked, {
                x: { data: values, shape: [1, mask.length, CHANNELS] },
                attention_mask: { data: BigInt64Array.from(mask), shape: [1, mask.length] },
              })
            )["mean_square"];
          const masked = await run(
            data,
            keep.map((is) => (is ? 1n : 0n)),
          );
          const tokens = keep.flatMap((is, token) =>
            is ? [...data.subarray(token * CHANNELS, (token + 1) * CHANNELS)] : [],
          );
          const alone = await run(
            Float32Array.from(tokens),
            keep.filter(Boolean).map(() => 1n),
          );
          expectClose(masked, Array.from(alone?.data ?? [], Number), [1, UNITS]);
        },
      ),
      { numRuns: 15 },
    );
  });
});
