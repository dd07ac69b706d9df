import { OperatorGraph, type Kernels } from "../graph/operators.ts";
import { createTorchGenerator } from "../sampling/torch-generator.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { toTensor } from "../session/session-tensors.ts";
import { elementCount, type Tensor } from "../tensor.ts";

/** The largest max|Δ| / max(1, max|expected|) at which an answer counts as right. */
export const LARGEST_ERROR = 1e-5;

/** A small model whose outputs are known from float64 arithmetic. */
export interface KnownAnswers {
  readonly model: Uint8Array;
  readonly feeds: SessionTensors;
  /** By output: what is computed, for people, and its values. */
  readonly expected: ReadonlyMap<string, { readonly what: string; readonly values: Float64Array }>;
}

const TOKENS = 64;
const HEADS = 2;
const HEAD_SIZES = [32, 128] as const;
const SUMMED = 4_096;
const NORMED = 256;
const EPSILON = 1e-6;

/**
 * What models are made of, at sizes at which faults of providers have shown: attention over 64 tokens with heads of 32 and of
 * 128 channels, a product that sums 4,096 numbers, a root-mean-square norm.
 *
 * @param kernels - The form of graph that is to be tested.
 */
export function knownAnswers(kernels: Kernels): KnownAnswers {
  const g = new OperatorGraph("known-answers", { kernels });
  const generator = createTorchGenerator(0);
  const feeds: Record<string, SessionTensors[string]> = {};
  const draw = (name: string, shape: readonly number[]): Tensor => {
    const tensor = generator.randn(shape);
    feeds[name] = { type: "float32", ...tensor };
    return tensor;
  };
  const expected = new Map<string, { what: string; values: Float64Array }>();

  for (const headSize of HEAD_SIZES) {
    const shape = [1, TOKENS, HEADS * headSize];
    const [query, key, value] = ["query", "key", "value"].map((role) => {
      const name = `${role}_${headSize}`;
      return { tensor: draw(name, shape), node: g.input(name, "float32", shape) };
    }) as [Drawn, Drawn, Drawn]; // three names in, three tensors out
    const name = `attention_${headSize}`;
    const attended = g.multiHeadAttention(query.node, key.node, value.node, { heads: HEADS, headSize });
    g.output(name, attended, shape);
    expected.set(name, {
      what: `attention over ${TOKENS} tokens with heads of ${headSize} channels`,
      values: attend(query.tensor, key.tensor, value.tensor, headSize),
    });
  }

  const wide = draw("wide", [1, TOKENS, SUMMED]);
  const matrixShape = kernels === "webgpu" ? [SUMMED, HEADS] : [HEADS, SUMMED];
  const matrix = draw("matrix", matrixShape);
  const product = g.product(
    g.input("wide", "float32", wide.shape),
    g.input("matrix", "float32", matrixShape),
    "product_node",
  );
  g.output("product", product, [1, TOKENS, HEADS]);
  expected.set("product", {
    what: `a product that sums ${SUMMED.toLocaleString("en-US")} numbers`,
    values: multiply(wide, matrix, kernels === "webgpu"),
  });

  const rows = draw("rows", [1, TOKENS, NORMED]);
  const scale = draw("scale", [NORMED]);
  const normed = g.rmsNormalization(
    g.input("rows", "float32", rows.shape),
    g.input("scale", "float32", [NORMED]),
    EPSILON,
  );
  g.output("norm", normed, rows.shape);
  expected.set("norm", { what: "a root-mean-square norm", values: normalize(rows, scale) });
  return { model: g.serialize(), feeds, expected };
}

interface Drawn {
  readonly tensor: Tensor;
  readonly node: ReturnType<OperatorGraph["input"]>;
}

/** An answer, and how far it is from what it should be. */
export interface AnswerError {
  readonly what: string;
  /** max|Δ| / max(1, max|expected|); infinite where a value is not a number. */
  readonly error: number;
}

/** Compares the outputs of a session with what is known, the furthest off first. */
export function compareAnswers({ expected }: KnownAnswers, outputs: SessionTensors): AnswerError[] {
  const errors = [...expected].map(([name, { what, values }]) => {
    const { data } = toTensor(outputs, name);
    let [difference, size] = [0, 1];
    for (const [i, value] of values.entries()) {
      const distance = Math.abs((data[i] ?? NaN) - value);
      difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance);
      size = Math.max(size, Math.abs(value));
    }
    return { what, error: difference / size };
  });
  return errors.sort((a, b) => b.error - a.error);
}

/** softmax(q kᵀ / √D) v for [1, S, heads · D]. */
function attend(query: Tensor, key: Tensor, value: Tensor, headSize: number): Float64Array {
  const channels = HEADS * headSize;
  const attended = new Float64Array(elementCount(query.shape));
  const at = ({ data }: Tensor, token: number, channel: number): number =>
    data[token * channels + channel] ?? NaN;
  for (let head = 0; head < HEADS; head += 1) {
    const ofHead = Array.from({ length: headSize }, (_, i) => head * headSize + i);
    for (let token = 0; token < TOKENS; token += 1) {
      const scores = Array.from({ length: TOKENS }, (_, other) =>
        ofHead.reduce((sum, c) => sum + at(query, token, c) * at(key, other, c), 0),
      ).map((score) => score / Math.sqrt(headSize));
      const highest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - highest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (const c of ofHead) {
        const mixed = shares.reduce((sum, share, other) => sum + share * at(value, other, c), 0);
        attended[token * channels + c] = mixed / total;
      }
    }
  }
  return attended;
}

/** x · w for a matrix [in, out], or x · wᵀ for [out, in]. */
function multiply(x: Tensor, matrix: Tensor, isTurned: boolean): Float64Array {
  const product = new Float64Array(TOKENS * HEADS);
  for (let token = 0; token < TOKENS; token += 1) {
    for (let out = 0; out < HEADS; out += 1) {
      let sum = 0;
      for (let i = 0; i < SUMMED; i += 1) {
        const weight = matrix.data[isTurned ? i * HEADS + out : out * SUMMED + i] ?? NaN;
        sum += (x.data[token * SUMMED + i] ?? NaN) * weight;
      }
      product[token * HEADS + out] = sum;
    }
  }
  return product;
}

function normalize(rows: Tensor, scale: Tensor): Float64Array {
  const normed = new Float64Array(rows.data.length);
  for (let start = 0; start < normed.length; start += NORMED) {
    const row = rows.data.subarray(start, start + NORMED);
    const meanSquare = row.reduce((sum, value) => sum + value ** 2, 0) / NORMED;
    for (const [i, value] of row.entries()) {
      normed[start + i] = (value / Math.sqrt(meanSquare + EPSILON)) * (scale.data[i] ?? NaN);
    }
  }
  return normed;
}
