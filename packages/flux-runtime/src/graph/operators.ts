import { toDataType, type ElementType } from "./element-type.ts";
import { float, GraphBuilder, type NodeOptions, type Value } from "./graph-builder.ts";

const MICROSOFT = { domain: "com.microsoft" } as const;

/** A graph builder on which each ONNX operator is a method: values in, the result out. */
export class OperatorGraph extends GraphBuilder {
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

  /** x · wᵀ for a weight stored as [out, in]. */
  matMulTransposed(x: Value, weight: Value, name: string): Value {
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
  multiHeadAttention(query: Value, key: Value, value: Value, heads: number): Value {
    const options: NodeOptions = { ...MICROSOFT, attributes: { num_heads: heads } };
    return this.node("MultiHeadAttention", [query, key, value], query.type, options);
  }

  /** Attention with fewer key and value heads than query heads, under a boolean mask [B, 1, S, S] (true takes part). */
  groupedQueryAttention(
    query: Value,
    key: Value,
    value: Value,
    options: { heads: number; keyValueHeads: number; mask: Value },
  ): Value {
    const attributes = { q_num_heads: options.heads, kv_num_heads: options.keyValueHeads };
    return this.node("Attention", [query, key, value, options.mask], query.type, { attributes });
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
