import { toDataType, type ElementType } from "./element-type.ts";
import { float, GraphBuilder, type OperatorSet, type Value } from "./graph-builder.ts";

const MICROSOFT = { domain: "com.microsoft" } as const;

/** Whose kernels a graph is written for: those that ONNX Runtime's CPU and CUDA providers share, or those of its WebGPU provider. */
export type Kernels = "native" | "webgpu";

/**
 * Some operators that WebGPU has no kernel for came with later sets; up to this one it has what its forms of them are made of.
 */
const WEBGPU_OPERATOR_SET = 21;

/** The heads of an attention, and what each is computed with. */
export interface AttentionHeads {
  readonly heads: number;
  /** Channels of a head. */
  readonly headSize: number;
}

/** The parts in which WebGPU computes attention, since its scores are a tensor of their own there. */
interface AttentionParts {
  /** Heads whose scores are computed together. */
  readonly headsAtOnce: number;
  /** Parts of equal length that the queries are split into. */
  readonly queryParts: number;
}

/**
 * A graph builder on which each ONNX operator is a method: values in, the result out. What a provider lacks, or computes
 * wrongly, is put together from other operators here, so that a model reads the same for all of them.
 */
export class OperatorGraph extends GraphBuilder {
  readonly kernels: Kernels;

  constructor(
    name: string,
    { operatorSet, kernels = "native" }: { operatorSet?: OperatorSet; kernels?: Kernels },
  ) {
    super(name, kernels === "webgpu" ? WEBGPU_OPERATOR_SET : operatorSet);
    this.kernels = kernels;
  }

  add(a: Value, b: Value): Value {
    return this.node("Add", [a, b], a.type);
  }

  sub(a: Value, b: Value): Value {
    return this.node("Sub", [a, b], a.type);
  }

  mul(a: Value, b: Value): Value {
    return this.node("Mul", [a, b], a.type);
  }

  cos(x: Value): Value {
    return this.node("Cos", [x], x.type);
  }

  sin(x: Value): Value {
    return this.node("Sin", [x], x.type);
  }

  /** x · σ(x), as `QuickGelu` with α = 1: one kernel instead of two. */
  silu(x: Value): Value {
    return this.node("QuickGelu", [x], x.type, { ...MICROSOFT, attributes: { alpha: float(1) } });
  }

  /** x · wᵀ for a weight [out, in]; on WebGPU x · w for a weight [in, out], since no kernel transposes there. */
  product(x: Value, weight: Value, name: string): Value {
    if (this.kernels === "webgpu") return this.node("MatMul", [x, weight], x.type, { name });
    return this.node("FusedMatMul", [x, weight], x.type, { ...MICROSOFT, name, attributes: { transB: 1 } });
  }

  cast(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    return this.node("Cast", [x], type, { attributes: { to: toDataType(type) } });
  }

  /** x within [-limit, limit]. */
  clip(x: Value, limit: number): Value {
    const bound = (value: number): Value => this.cast(this.constant("float32", [], [value]), x.type);
    return this.node("Clip", [x, bound(-limit), bound(limit)], x.type);
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values;
    if (first === undefined) throw new RangeError("concat needs at least one value");
    return this.node("Concat", values, first.type, { attributes: { axis } });
  }

  /** Parts of the given lengths along an axis. */
  split(x: Value, lengths: readonly number[], axis: number): Value[] {
    const sizes = this.constant("int64", [lengths.length], lengths);
    const types = lengths.map(() => x.type);
    return this.nodeWithOutputs("Split", [x, sizes], types, { attributes: { axis } });
  }

  /** x[start:end] along one axis; both bounds are int64 values of shape [1]. */
  slice(x: Value, start: Value, end: Value, axis: number): Value {
    return this.node("Slice", [x, start, end, this.constant("int64", [1], [axis])], x.type);
  }

  /** ONNX's own rules: 0 keeps a dimension, -1 is inferred. */
  reshape(x: Value, shape: readonly number[]): Value {
    return this.node("Reshape", [x, this.constant("int64", [shape.length], shape)], x.type);
  }

  /** The shape of another value, for a reshape back to it. */
  reshapeLike(x: Value, like: Value): Value {
    return this.node("Reshape", [x, this.node("Shape", [like], "int64")], x.type);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.node("Transpose", [x], x.type, { attributes: { perm } });
  }

  unsqueeze(x: Value, axis: number): Value {
    return this.node("Unsqueeze", [x, this.constant("int64", [1], [axis])], x.type);
  }

  /** The length of one dimension, as int64 of shape [1]. */
  lengthOf(x: Value, axis: number): Value {
    return this.node("Shape", [x], "int64", { attributes: { start: axis, end: axis + 1 } });
  }

  gather(table: Value, indices: Value): Value {
    return this.node("Gather", [table, indices], table.type, { attributes: { axis: 0 } });
  }

  layerNormalization(x: Value, scale: Value, epsilon: number): Value {
    const attributes = { axis: -1, epsilon: float(epsilon) };
    return this.node("LayerNormalization", [x, scale], x.type, { attributes });
  }

  /** Root-mean-square normalization over the last axis; the statistics are float32 whatever the type. */
  rmsNormalization(x: Value, scale: Value, epsilon: number): Value {
    const attributes = { axis: -1, epsilon: float(epsilon), stash_type: 1 };
    return this.node("SimplifiedLayerNormalization", [x, scale], x.type, { attributes });
  }

  instanceNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
    return this.node("InstanceNormalization", [x, scale, bias], x.type, {
      attributes: { epsilon: float(epsilon) },
    });
  }

  /**
   * Rotates the channels of each head of x [B, S, heads · D] by the angles whose cosines and sines are given as [S, D / 2].
   * Interleaved pairs channel 2i with 2i + 1; otherwise i is paired with i + D / 2.
   */
  rotaryEmbedding(x: Value, cos: Value, sin: Value, options: { heads: number; interleaved: boolean }): Value {
    const fromTheFirst = this.constant("int64", [1], [0]);
    const attributes = { num_heads: options.heads, interleaved: options.interleaved ? 1 : 0 };
    return this.node("RotaryEmbedding", [x, fromTheFirst, cos, sin], x.type, { ...MICROSOFT, attributes });
  }

  /** softmax(q kᵀ / √D) v over [B, S, heads · D], without a mask: the form for which there are tiled kernels. */
  multiHeadAttention(
    query: Value,
    key: Value,
    value: Value,
    options: AttentionHeads & Partial<AttentionParts>,
  ): Value {
    if (this.kernels === "webgpu") return this.#attentionOfProducts(query, key, value, options);
    const attributes = { num_heads: options.heads };
    return this.node("MultiHeadAttention", [query, key, value], query.type, { ...MICROSOFT, attributes });
  }

  /** Attention with fewer key and value heads than query heads, under a boolean mask [B, 1, S, S] (true takes part). */
  groupedQueryAttention(
    query: Value,
    key: Value,
    value: Value,
    options: AttentionHeads & { keyValueHeads: number; mask: Value },
  ): Value {
    const { heads, keyValueHeads, mask } = options;
    if (this.kernels === "webgpu") {
      const repeated = [key, value].map((x) => this.#repeatHeads(x, options)) as [Value, Value];
      return this.#attentionOfProducts(query, ...repeated, { ...options, bias: this.#additiveMask(mask) });
    }
    const attributes = { q_num_heads: heads, kv_num_heads: keyValueHeads };
    return this.node("Attention", [query, key, value, mask], query.type, { attributes });
  }

  /**
   * softmax(q kᵀ / √D + bias) v as two products. WebGPU's fused attention is wrong on Vulkan in ONNX Runtime 1.29 (see
   * docs/webgpu.md). Some heads at a time, and some queries, keep the scores from becoming the largest tensor of a model.
   */
  #attentionOfProducts(
    query: Value,
    key: Value,
    value: Value,
    options: AttentionHeads & Partial<AttentionParts> & { bias?: Value },
  ): Value {
    const { heads, headSize, headsAtOnce = heads, queryParts = 1, bias } = options;
    const scale = this.cast(this.constant("float32", [1], [1 / Math.sqrt(headSize)]), query.type);
    const groups = groupsOf(heads, headsAtOnce);
    const byGroup = (x: Value): Value[] =>
      groups.length === 1
        ? [x]
        : this.split(
            x,
            groups.map((count) => count * headSize),
            -1,
          );
    const [queries, keys, values] = [this.mul(query, scale), key, value].map(byGroup) as [
      Value[],
      Value[],
      Value[],
    ];
    const attended = groups.map((count, group) => {
      const headsFirst = (x: Value | undefined, perm: readonly number[]): Value =>
        this.transpose(this.reshape(x as Value, [0, 0, count, headSize]), perm); // a group each of queries, keys, values
      const turnedKeys = headsFirst(keys[group], [0, 2, 3, 1]); // [B, heads, D, S]
      const turnedValues = headsFirst(values[group], [0, 2, 1, 3]);
      const attend = (part: Value): Value => {
        const scores = this.node("MatMul", [part, turnedKeys], query.type); // [B, heads, S, S]
        const biased = bias === undefined ? scores : this.add(scores, bias);
        const shares = this.node("Softmax", [biased], query.type, { attributes: { axis: -1 } });
        return this.node("MatMul", [shares, turnedValues], query.type);
      };
      const turnedQueries = headsFirst(queries[group], [0, 2, 1, 3]);
      const parts = this.#splitEvenly(turnedQueries, queryParts, 2).map(attend);
      const mixed = parts.length === 1 ? (parts[0] as Value) : this.concat(parts, 2);
      return this.reshape(this.transpose(mixed, [0, 2, 1, 3]), [0, 0, count * headSize]);
    });
    return attended.length === 1 ? (attended[0] as Value) : this.concat(attended, -1);
  }

  /** Each key or value head as often as there are query heads for it: [B, S, keyValueHeads · D] → [B, S, heads · D]. */
  #repeatHeads(
    x: Value,
    { heads, headSize, keyValueHeads }: AttentionHeads & { keyValueHeads: number },
  ): Value {
    if (heads === keyValueHeads) return x;
    const apart = this.reshape(x, [0, 0, keyValueHeads, 1, headSize]);
    const times = this.constant("int64", [5], [1, 1, 1, heads / keyValueHeads, 1]);
    return this.reshape(this.node("Expand", [apart, times], x.type), [0, 0, heads * headSize]);
  }

  /** What is added to scores for a boolean mask: 0 where it is true, else the lowest float32. */
  #additiveMask(mask: Value): Value {
    const scalar = (value: number): Value => this.constant("float32", [1], [value]);
    return this.node("Where", [mask, scalar(0), scalar(LOWEST_FLOAT32)], "float32");
  }

  #splitEvenly(x: Value, parts: number, axis: number): Value[] {
    if (parts === 1) return [x];
    const types = Array.from({ length: parts }, () => x.type);
    return this.nodeWithOutputs("Split", [x], types, { attributes: { axis, num_outputs: parts } });
  }

  conv2d(
    x: Value,
    weight: Value,
    bias: Value,
    options: { pads: readonly number[]; stride: number; name: string },
  ): Value {
    const attributes = { pads: options.pads, strides: [options.stride, options.stride] };
    return this.node("Conv", [x, weight, bias], x.type, { name: options.name, attributes });
  }

  /** Doubles height and width of x [B, C, H, W] by repeating each pixel. */
  upsampleNearest2x(x: Value): Value {
    const scales = this.constant("float32", [4], [1, 1, 2, 2]);
    const attributes = {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    };
    return this.node("Resize", [x, null, scales], x.type, { attributes });
  }
}

const LOWEST_FLOAT32 = -(2 - 2 ** -23) * 2 ** 127;

/** Parts of at most `size` that together are `total`, the largest first. */
function groupsOf(total: number, size: number): number[] {
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => Math.min(size, total - index * size));
}
