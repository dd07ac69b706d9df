import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeBfloat16, decodeFloat16, encodeBfloat16 } from "../src/checkpoint/half-precision.ts";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import type { ComputeType } from "../src/graph/element-type.ts";
import { GraphBuilder } from "../src/graph/graph-builder.ts";
import { listOutputProjections } from "../src/models/output-projections.ts";
import { buildTextEncoder } from "../src/models/text-encoder.ts";
import { buildTransformer } from "../src/models/transformer.ts";
import { textRotaryEmbedding } from "../src/pipeline/text-rotary-embedding.ts";
import { createRotaryEmbedding } from "../src/sampling/rotary-embedding.ts";
import { openModelSession } from "../src/session/model-session.ts";
import type { SessionTensors } from "../src/session/session-protocol.ts";
import { toTensor } from "../src/session/session-tensors.ts";
import type { Tensor } from "../src/tensor.ts";
import { createTokenizer } from "../src/text/tokenizer.ts";
import { countRoundings, emulateHalfPrecision, firstInputs } from "./emulate-half-precision.ts";
import { deviation, kleinTiny, openKleinTiny, readExpected } from "./klein-tiny.ts";

/** Unit roundoff: half the distance from 1 to the next number. bfloat16 has 8 significant bits, float16 has 11. */
const unitRoundoff = { bfloat16: 2 ** -8, float16: 2 ** -11 } as const;

const halfTypes = ["bfloat16", "float16"] as const;

let checkpoint: Checkpoint;
let expected: (name: string) => Tensor;
beforeAll(async () => {
  checkpoint = await openKleinTiny();
  expected = await readExpected();
});

async function runOnce(model: Uint8Array, folder: string, feeds: SessionTensors): Promise<SessionTensors> {
  const session = await openModelSession(model, folder);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** The raw call of the fixture. */
function transformerFeeds(): SessionTensors {
  const { axes_dims_rope: axesDims, rope_theta: theta } = checkpoint.transformer.config;
  const ids = [...expected("transformer.txt_ids").data, ...expected("transformer.img_ids").data];
  const rotary = createRotaryEmbedding(
    { data: Float32Array.from(ids), shape: [ids.length / 4, 4] },
    { axesDims, theta },
  );
  const timestep = expected("transformer.timestep").data.map((value) => value * 1_000);
  return {
    hidden_states: { type: "float32", ...expected("transformer.hidden_states") },
    encoder_hidden_states: { type: "float32", ...expected("transformer.encoder_hidden_states") },
    timestep: { type: "float32", data: timestep, shape: [1] },
    rotary_cos: { type: "float32", ...rotary.cos },
    rotary_sin: { type: "float32", ...rotary.sin },
  };
}

function transformerModel(computeType: ComputeType): Uint8Array {
  const { config, weights } = checkpoint.transformer;
  return buildTransformer(config, { weights, computeType }).serialize();
}

/** The velocity, and the input of each output projection under the projection's name. */
async function runTransformer(computeType: ComputeType, rounding: boolean): Promise<SessionTensors> {
  const { config, weights } = checkpoint.transformer;
  const tapInputsOf = listOutputProjections(config).map(({ node }) => node);
  const model = emulateHalfPrecision(transformerModel(computeType), { rounding, tapInputsOf });
  return runOnce(model, weights.externalDataFolder, transformerFeeds());
}

describe("the emulation", () => {
  it.each([
    { type: "bfloat16" as const, decode: (x: Float32Array) => decodeBfloat16(encodeBfloat16(x)) },
    {
      type: "float16" as const, // 2⁻¹¹ off a number of 11 bits is a tie, and goes to the even neighbour
      decode: () => decodeFloat16(Uint16Array.of(0x3c00, 0x3c02, 0x7c00, 0x0001)),
    },
  ])("rounds to the nearest $type, ties to even", async ({ type, decode }) => {
    const x = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1e5, 2 ** -24);
    const g = new GraphBuilder("round");
    const half = g.node("Cast", [g.input("x", "float32", [4])], type, {
      attributes: { to: type === "bfloat16" ? 16 : 10 },
    });
    g.output("y", g.node("Cast", [half], "float32", { attributes: { to: 1 } }), [4]);
    const model = emulateHalfPrecision(g.serialize(), { rounding: true });
    const { y } = await runOnce(model, kleinTiny, { x: { type: "float32", data: x, shape: [4] } });
    expect([...(y?.data ?? [])]).toEqual([...decode(x)]);
  });
});

describe.each(halfTypes)("the graphs in %s are the reference's model", (computeType) => {
  it("transformer: without rounding it equals Flux2Transformer2DModel on one raw call", async () => {
    const outputs = await runTransformer(computeType, false);
    expect(deviation(toTensor(outputs, "velocity"), expected("transformer.sample"))).toBeLessThan(1e-4);
  });

  it("text encoder: without rounding it equals the reference's prompt embeddings", async () => {
    const { config, weights } = checkpoint.textEncoder;
    const { prompts } = JSON.parse(readFileSync(join(kleinTiny, "expected.json"), "utf8")) as {
      prompts: string[];
    }; // the fixture's own shape
    const S = 64;
    const tokenizer = await createTokenizer(checkpoint.tokenizerFolder);
    const encoded = prompts.map((prompt) => tokenizer.encode(prompt, { maxSequenceLength: S }));
    const ids = encoded.flatMap(({ inputIds }) => [...inputIds]);
    const mask = encoded.flatMap(({ tokenCount }) =>
      Array.from({ length: S * S }, (_, i) => Number(i % S <= Math.floor(i / S) && i % S < tokenCount)),
    );
    const rotary = textRotaryEmbedding(S, config, "bfloat16"); // as the reference was made
    const model = emulateHalfPrecision(buildTextEncoder(config, { weights, computeType }).serialize(), {
      rounding: false,
    });
    const outputs = await runOnce(model, weights.externalDataFolder, {
      input_ids: { type: "int64", data: BigInt64Array.from(ids), shape: [prompts.length, S] },
      attention_mask: { type: "bool", data: Uint8Array.from(mask), shape: [prompts.length, 1, S, S] },
      rotary_cos: { type: "float32", ...rotary.cos },
      rotary_sin: { type: "float32", ...rotary.sin },
    });
    expect(deviation(toTensor(outputs, "prompt_embeds"), expected("prompt_embeds.64"))).toBeLessThan(1e-4);
  });
});

/**
 * The error that rounding is expected to make, relative in the sense ‖Δ‖ / ‖exact‖ of a whole tensor.
 *
 * One rounding to nearest with unit roundoff u is off by at most u / m relative to a number with the significand m in [1, 2),
 * uniformly: the variance is u² E[1 / m²] / 3. Significands are logarithmically distributed, E[1 / m²] = 3 / (8 ln 2), so the root
 * mean square is ε = u / √(8 ln 2) = 0.4247 u: 1.66e-3 for bfloat16, 2.07e-4 for float16.
 *
 * What a tensor is off by, relatively, the results that it goes into are off by at most as much in the mean square: a product by
 * exact weights carries error and signal alike, a normalization leaves the ratio, a product of two takes over each factor's own,
 * and in a residual sum it counts with the summand's share of the energy, at most 1. The errors are independent, so their
 * squares add (a random walk): with A rounded results among a value's ancestors, ‖Δ‖ / ‖exact‖ ≤ ε √A. The bound is wide on
 * purpose where the shares of the residual branches are small; it holds no number taken from a run.
 */
function expectedError(type: (typeof halfTypes)[number], roundings: number): number {
  return (unitRoundoff[type] / Math.sqrt(8 * Math.LN2)) * Math.sqrt(roundings);
}

describe.each(halfTypes)("rounding to %s", (type) => {
  let exact: SessionTensors;
  beforeAll(async () => {
    exact = await runTransformer("float32", false);
  });

  it("moves the velocity and the captured root mean squares by no more than the roundings explain", async () => {
    const model = transformerModel(type);
    const roundings = countRoundings(model);
    const inputs = firstInputs(model);
    const rounded = await runTransformer(type, true);

    const [velocity, exactVelocity] = [toTensor(rounded, "velocity"), toTensor(exact, "velocity")];
    const bound = expectedError(type, roundings("velocity"));
    const error = relativeError(velocity, exactVelocity);
    expect(error).toBeLessThan(bound);
    expect(error).toBeGreaterThan(expectedError(type, 1)); // the velocity itself is rounded
    // An element is off by a sum of many independent errors: a normal distribution of that width.
    const scale = rootMeanSquare(exactVelocity.data);
    const errors = [...velocity.data].map(
      (value, i) => Math.abs(value - (exactVelocity.data[i] ?? NaN)) / scale,
    );
    expect(quantile(errors, 0.5)).toBeLessThan(0.6745 * bound);
    expect(quantile(errors, 0.99)).toBeLessThan(2.576 * bound);
    expect(quantile(errors, 1)).toBeLessThan(Math.sqrt(2 * Math.log(errors.length)) * bound);

    const unitErrors: number[] = [];
    const shares: number[] = [];
    for (const { node } of listOutputProjections(checkpoint.transformer.config)) {
      const [tapped, exactTapped] = [toTensor(rounded, node), toTensor(exact, node)];
      const tapBound = expectedError(type, roundings(inputs.get(node) ?? ""));
      expect(relativeError(tapped, exactTapped), node).toBeLessThan(tapBound);
      // |‖x + Δ‖ − ‖x‖| ≤ ‖Δ‖: a unit's root mean square is off by no more than the unit itself.
      const exactUnits = unitRootMeanSquares(exactTapped);
      const relative = unitRootMeanSquares(tapped).map((value, i) =>
        Math.abs(value / (exactUnits[i] ?? NaN) - 1),
      );
      expect(quantile(relative, 1), node).toBeLessThan(tapBound);
      unitErrors.push(...relative);
      shares.push(relativeError(tapped, exactTapped) / tapBound);
    }
    report(type, "velocity", { bound, error, errors });
    report(type, "captured root mean square", { bound, errors: unitErrors });
    report(type, "tapped tensors as a share of their bound", { bound: 1, errors: shares });
  });
});

/** Prints what docs/bf16.md states, where it is asked for. */
function report(
  type: string,
  what: string,
  { bound, error, errors }: { bound: number; error?: number; errors: readonly number[] },
): void {
  if (process.env.REPORT_ERRORS !== "1") return;
  const shown = [0.5, 0.99, 1].map((p) => quantile(errors, p).toExponential(2));
  console.log(
    `${type} ${what}: median, p99, max ${shown.join(", ")} of ${errors.length}; ‖Δ‖/‖x‖ ${error ?? "–"}; ε√A ${bound}`,
  );
}

/** ‖actual − exact‖ / ‖exact‖. */
function relativeError(actual: Tensor, exact: Tensor): number {
  const differences = actual.data.map((value, i) => value - (exact.data[i] ?? NaN));
  return rootMeanSquare(differences) / rootMeanSquare(exact.data);
}

function rootMeanSquare(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
}

/** x [1, S, C] → the root mean square of each 16 channels over all tokens. */
function unitRootMeanSquares({ data, shape: [, S = 0, C = 0] }: Tensor): number[] {
  return Array.from({ length: C / 16 }, (_, unit) => {
    const values = Float32Array.from({ length: S * 16 }, (_unused, i) => {
      return data[Math.floor(i / 16) * C + unit * 16 + (i % 16)] ?? NaN;
    });
    return rootMeanSquare(values);
  });
}

/** The smallest value that at least a share p of the values does not exceed; NaN where any value is NaN. */
function quantile(values: readonly number[], p: number): number {
  if (values.some(Number.isNaN)) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? NaN;
}
