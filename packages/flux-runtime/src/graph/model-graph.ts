import type { LocatedWeight } from "../checkpoint/located-weight.ts";
import { float8Values, isFloat8Dtype, type Float8Dtype } from "../checkpoint/float8.ts";
import { FluxRuntimeError } from "../errors.ts";
import { elementCount } from "../tensor.ts";
import { toDataType, type ComputeType, type ElementType } from "./element-type.ts";
import type { OperatorSet, Value } from "./graph-builder.ts";
import type { LowRankAdapter, LowRankLayer } from "./low-rank-adapter.ts";
import { partColumns } from "./matrix-parts.ts";
import { OperatorGraph, type Kernels } from "./operators.ts";

/** The safetensors types that a graph can read. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  BF16: "bfloat16",
  F16: "float16",
  F32: "float32",
  F8_E4M3: "float8e4m3fn",
  F8_E5M2: "float8e5m2",
};

/** The names of {@link isWeightDtype}. */
export const WEIGHT_DTYPES: readonly string[] = Object.keys(elementTypes);

/** Whether a graph can read weights of a safetensors type. */
export function isWeightDtype(dtype: string): boolean {
  return Object.hasOwn(elementTypes, dtype);
}

/** Where a graph finds its weights. */
export interface WeightSource {
  /**
   * The place of a weight of this name and shape. @throws FluxRuntimeError where there is none.
   *
   * @param layout - `transposed` for a matrix whose axes are exchanged against the checkpoint's, in `shape` too.
   */
  locate(name: string, shape: readonly number[], layout?: WeightLayout): LocatedWeight;
}

/**
 * How a weight lies in memory: as in the checkpoint, or with its two axes exchanged, and then in the parts that `partColumns`
 * gives, one after the other.
 */
export type WeightLayout = "original" | "transposed";

export interface ModelGraphOptions {
  readonly weights: WeightSource;
  /** The type of the matrix products. Weights of another type are cast right before their use. */
  readonly computeType: ComputeType;
  /** Native where absent. For WebGPU the matrices of linear layers are located as [in, out], and the type is float32. */
  readonly kernels?: Kernels | undefined;
  /** What is added to linear layers, in this order. Their matrices come from `weights` too. */
  readonly adapters?: readonly LowRankAdapter[] | undefined;
}

/** A graph whose layers name their weights as the checkpoint does, so that a model reads like its reference. */
export class ModelGraph extends OperatorGraph {
  readonly computeType: ComputeType;
  readonly #weights: WeightSource;
  readonly #adapters: readonly LowRankAdapter[];
  readonly #stored = new Map<string, Value>();
  readonly #loaded = new Map<string, Value>();
  /** What stored values are multiplied by. */
  readonly #scales = new Map<string, LocatedWeight>();
  /** Weights whose halves stand the other way round. */
  readonly #exchanged = new Set<string>();

  constructor(name: string, { kernels, ...options }: ModelGraphOptions, operatorSet?: OperatorSet) {
    super(name, { ...(operatorSet && { operatorSet }), ...(kernels && { kernels }) });
    this.computeType = options.computeType;
    this.#weights = options.weights;
    this.#adapters = options.adapters ?? [];
  }

  /** A weight in the compute type, times its scale. @throws FluxRuntimeError where it is missing or of another shape. */
  weight(name: string, shape: readonly number[], layout?: WeightLayout): Value {
    const stored = this.storedWeight(name, shape, layout);
    const scale = this.#scales.get(name);
    if (stored.type === this.computeType && scale === undefined) return stored;
    const loaded = this.#loaded.get(name) ?? this.#load(stored, shape, scale);
    this.#loaded.set(name, loaded);
    return loaded;
  }

  /** A weight in the type in which the checkpoint holds it. */
  storedWeight(name: string, shape: readonly number[], layout?: WeightLayout): Value {
    const known = this.#stored.get(name);
    if (known !== undefined) return known;
    const entry = this.#locate(name, shape, layout);
    const value = this.externalInitializer(name, entry.type, shape, entry);
    this.#stored.set(name, value);
    return value;
  }

  #locate(
    name: string,
    shape: readonly number[],
    layout: WeightLayout | undefined,
  ): LocatedWeight & { readonly type: ElementType } {
    const entry = this.#weights.locate(name, shape, layout);
    const type = elementTypes[entry.dtype];
    if (type === undefined) {
      throw new FluxRuntimeError(
        "unsupported-dtype",
        `Tensor ${name} in ${entry.file} is ${entry.dtype}; expected one of ${WEIGHT_DTYPES.join(", ")}. ` +
          `Use a checkpoint in one of these types.`,
        { tensor: name, file: entry.file, received: entry.dtype },
      );
    }
    if (entry.halves === "exchanged") this.#exchanged.add(name);
    if (entry.scale !== undefined) this.#scales.set(name, entry.scale);
    return { ...entry, type };
  }

  /** Row `ids` of an embedding table. Only the rows are brought into the compute type, never the table. */
  embedding(ids: Value, path: string, options: { rows: number; size: number }): Value {
    const [name, shape] = [`${path}.weight`, [options.rows, options.size]] as const;
    const { dtype, scale, ...place } = this.#weights.locate(name, shape);
    const rows = isFloat8Dtype(dtype)
      ? this.#decode(this.gather(this.externalInitializer(name, "uint8", shape, place), ids), dtype)
      : this.gather(this.storedWeight(name, shape), ids);
    if (scale === undefined) return this.cast(rows, this.computeType);
    const factors = this.#loadScale(name, scale, shape);
    const factor = elementCount(scale.shape) === 1 ? factors : this.gather(factors, ids); // [1, 1] or [..., 1]
    return this.cast(this.mul(this.cast(rows, "float32"), factor), this.computeType);
  }

  /** A linear layer, [..., in] → [..., out], and what adapters add to it. The node carries the layer's name. */
  linear(x: Value, path: string, options: { in: number; out: number; bias?: boolean }): Value {
    let product = this.#multiply(x, path, options);
    for (const adapter of this.#adapters) {
      const layer = adapter.layers.get(path);
      if (layer === undefined || layer.factor === 0) continue;
      product = this.add(product, this.#lowRankProduct(x, layer, options));
    }
    return options.bias === true ? this.add(product, this.weight(`${path}.bias`, [options.out])) : product;
  }

  /** Layer normalization over the last axis without learned parameters. */
  plainLayerNorm(x: Value, size: number, epsilon: number): Value {
    return this.layerNormalization(x, this.#ones(size), epsilon);
  }

  rmsNorm(x: Value, path: string, options: { size: number; epsilon: number }): Value {
    return this.rmsNormalization(x, this.weight(`${path}.weight`, [options.size]), options.epsilon);
  }

  /** Root-mean-square normalization of each head's D channels in x [B, S, heads · D]. */
  rmsNormPerHead(x: Value, path: string, options: { heads: number; size: number; epsilon: number }): Value {
    const perHead = this.reshape(x, [0, 0, options.heads, options.size]); // [B, S, heads, D]
    return this.reshape(this.rmsNorm(perHead, path, options), [0, 0, options.heads * options.size]);
  }

  /** Group normalization of x [B, C, H, W] as the instance normalization of its groups, then scale and shift a channel. */
  groupNorm(x: Value, path: string, options: { groups: number; channels: number; epsilon: number }): Value {
    const { groups, channels, epsilon } = options;
    const isWebgpu = this.kernels === "webgpu"; // there four axes throughout: reading a shape would bring a node to the CPU
    const grouped = this.reshape(x, isWebgpu ? [0, groups, -1, 0] : [0, groups, -1]); // [B, groups, C / groups · H (· W), (W)]
    const [one, zero] = [this.#ones(groups), this.#zeros(groups)];
    const regular = this.instanceNormalization(grouped, one, zero, epsilon);
    const normalized = isWebgpu ? this.reshape(regular, [0, channels, -1, 0]) : this.reshapeLike(regular, x);
    const scale = this.perChannel(`${path}.weight`, channels);
    return this.add(this.mul(normalized, scale), this.perChannel(`${path}.bias`, channels));
  }

  /** A square convolution of x [B, in, H, W]. */
  convolution(
    x: Value,
    path: string,
    options: { in: number; out: number; kernel: number; pads?: readonly number[]; stride?: number },
  ): Value {
    const { kernel, stride = 1, pads = Array.from({ length: 4 }, () => (kernel - 1) / 2) } = options;
    const weight = this.weight(`${path}.weight`, [options.out, options.in, kernel, kernel]);
    return this.conv2d(x, weight, this.weight(`${path}.bias`, [options.out]), { pads, stride, name: path });
  }

  /** A weight [C] as [C, 1, 1], to meet [B, C, H, W]. */
  perChannel(name: string, channels: number): Value {
    return this.reshape(this.weight(name, [channels]), [channels, 1, 1]);
  }

  /**
   * Brings a weight into the compute type right before its use. A scale is multiplied with in float32, as the reference does. CUDA
   * has a kernel from fp8 to float32 for sure, so that other types take this way.
   */
  #load(stored: Value, shape: readonly number[], scale: LocatedWeight | undefined): Value {
    const cast = (x: Value, type: ElementType): Value =>
      x.type === type ? x : this.loadNode("Cast", x, [], type, { to: toDataType(type) });
    if (scale === undefined)
      return cast(stored.type.startsWith("float8") ? cast(stored, "float32") : stored, this.computeType);
    const factor = this.#loadScale(stored.name, scale, shape);
    return cast(this.loadNode("Mul", cast(stored, "float32"), [factor], "float32", {}), this.computeType);
  }

  /** A scale as float32, one number or one for each row, with as many axes as its weight: [1, 1] or [rows, 1]. */
  #loadScale(name: string, scale: LocatedWeight, [rows = 1, ...rest]: readonly number[]): Value {
    const type = elementTypes[scale.dtype] ?? "float32";
    const count = elementCount(scale.shape);
    const shape = [count === 1 ? 1 : rows, ...rest.map(() => 1)];
    const stored = this.externalInitializer(`${name}:scale`, type, shape, scale);
    return type === "float32"
      ? stored
      : this.loadNode("Cast", stored, [], "float32", { to: toDataType("float32") });
  }

  /** The values of fp8 codes in bytes, by a table: no provider gathers rows of fp8. */
  #decode(codes: Value, dtype: Float8Dtype): Value {
    const values = this.constant("float32", [256], [...float8Values(dtype)]);
    return this.gather(values, this.cast(codes, "int64"));
  }

  /** What a matrix with exchanged halves gives, put in order: a vector is moved in the place of the matrix. */
  #exchangeHalves(x: Value, size: number): Value {
    const [second, first] = this.split(x, [size / 2, size / 2], -1) as [Value, Value]; // two lengths in, two parts out
    return this.concat([first, second], -1);
  }

  /** x · Wᵀ for the weight of a layer. */
  #multiply(x: Value, path: string, size: { in: number; out: number }): Value {
    const weight = `${path}.weight`;
    const product =
      this.kernels === "webgpu"
        ? this.#productOfParts(x, path, size)
        : this.product(x, this.weight(weight, [size.out, size.in]), path);
    return this.#exchanged.has(weight) ? this.#exchangeHalves(product, size.out) : product;
  }

  /** factor · (x · downᵀ) · upᵀ, the factor multiplied in float32 where the tensor is small. */
  #lowRankProduct(
    x: Value,
    { rank, factor, down, up }: LowRankLayer,
    size: { in: number; out: number },
  ): Value {
    const inner = this.#multiply(x, down, { in: size.in, out: rank }); // [..., rank]
    const scaled =
      factor === 1
        ? inner
        : this.cast(
            this.mul(this.cast(inner, "float32"), this.constant("float32", [1], [factor])),
            inner.type,
          );
    return this.#multiply(scaled, up, { in: rank, out: size.out });
  }

  /** x · w for a weight [in, out], of a large one part by part. */
  #productOfParts(x: Value, path: string, options: { in: number; out: number }): Value {
    const [name, shape] = [`${path}.weight`, [options.in, options.out]];
    const parts = partColumns(shape);
    if (parts.length === 1) return this.product(x, this.weight(name, shape, "transposed"), path);
    const entry = this.#locate(name, shape, "transposed");
    const factor = entry.scale && this.#loadScale(name, entry.scale, [1, 1]); // a copy has one number at most
    let { byteOffset } = entry;
    const products = parts.map((columns, index) => {
      const byteLength = (entry.byteLength * columns) / options.out;
      const place = { location: entry.location, byteOffset, byteLength };
      byteOffset += byteLength;
      const stored = this.externalInitializer(`${name}/${index}`, entry.type, [options.in, columns], place);
      const widened = this.cast(stored, this.computeType);
      const scaled = factor === undefined ? widened : this.mul(widened, factor);
      return this.product(x, scaled, `${path}/${index}`);
    });
    return this.concat(products, -1);
  }

  #ones(size: number): Value {
    return this.#filled(size, 1);
  }

  #zeros(size: number): Value {
    return this.#filled(size, 0);
  }

  #filled(size: number, value: number): Value {
    const key = `constant ${value} of ${size}`;
    const filled =
      this.#loaded.get(key) ??
      this.cast(this.constant("float32", [size], Array<number>(size).fill(value)), this.computeType);
    this.#loaded.set(key, filled);
    return filled;
  }
}
