import type { LocatedWeight } from "../checkpoint/component-weights.ts";
import { FluxRuntimeError } from "../errors.ts";
import { toDataType, type ComputeType, type ElementType } from "./element-type.ts";
import type { OperatorSet, Value } from "./graph-builder.ts";
import { OperatorGraph } from "./operators.ts";

/** The safetensors types that a graph can read. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  BF16: "bfloat16",
  F16: "float16",
  F32: "float32",
};

/** The names of {@link isWeightDtype}. */
export const WEIGHT_DTYPES: readonly string[] = Object.keys(elementTypes);

/** Whether a graph can read weights of a safetensors type. */
export function isWeightDtype(dtype: string): boolean {
  return Object.hasOwn(elementTypes, dtype);
}

/** Where a graph finds its weights. */
export interface WeightSource {
  /** The place of a weight of this name and shape. @throws FluxRuntimeError where there is none. */
  locate(name: string, shape: readonly number[]): LocatedWeight;
}

export interface ModelGraphOptions {
  readonly weights: WeightSource;
  /** The type of the matrix products. Weights of another type are cast right before their use. */
  readonly computeType: ComputeType;
}

/** A graph whose layers name their weights as the checkpoint does, so that a model reads like its reference. */
export class ModelGraph extends OperatorGraph {
  readonly computeType: ComputeType;
  readonly #weights: WeightSource;
  readonly #stored = new Map<string, Value>();
  readonly #loaded = new Map<string, Value>();

  constructor(name: string, options: ModelGraphOptions, operatorSet?: OperatorSet) {
    super(name, operatorSet);
    this.computeType = options.computeType;
    this.#weights = options.weights;
  }

  /** A weight in the compute type. @throws FluxRuntimeError where it is missing or of another shape. */
  weight(name: string, shape: readonly number[]): Value {
    const stored = this.storedWeight(name, shape);
    if (stored.type === this.computeType) return stored;
    const loaded =
      this.#loaded.get(name) ??
      this.loadNode("Cast", stored, [], this.computeType, { to: toDataType(this.computeType) });
    this.#loaded.set(name, loaded);
    return loaded;
  }

  /** A weight in the type in which the checkpoint holds it. */
  storedWeight(name: string, shape: readonly number[]): Value {
    const known = this.#stored.get(name);
    if (known !== undefined) return known;
    const entry = this.#weights.locate(name, shape);
    const type = elementTypes[entry.dtype];
    if (type === undefined) {
      throw new FluxRuntimeError(
        "unsupported-dtype",
        `Tensor ${name} in ${entry.file} is ${entry.dtype}; expected one of ${WEIGHT_DTYPES.join(", ")}. ` +
          `Use a checkpoint in one of these types.`,
        { tensor: name, file: entry.file, received: entry.dtype },
      );
    }
    const value = this.externalInitializer(name, type, shape, entry);
    this.#stored.set(name, value);
    return value;
  }

  /** Row `ids` of an embedding table. Only the rows are brought into the compute type, never the table. */
  embedding(ids: Value, path: string, options: { rows: number; size: number }): Value {
    const table = this.storedWeight(`${path}.weight`, [options.rows, options.size]);
    return this.cast(this.gather(table, ids), this.computeType);
  }

  /** A linear layer, [..., in] → [..., out]. The node carries the layer's name. */
  linear(x: Value, path: string, options: { in: number; out: number; bias?: boolean }): Value {
    const product = this.matMulTransposed(x, this.weight(`${path}.weight`, [options.out, options.in]), path);
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
    const grouped = this.reshape(x, [0, options.groups, -1]); // [B, groups, C / groups · H · W]
    const [one, zero] = [this.#ones(options.groups), this.#zeros(options.groups)];
    const normalized = this.reshapeLike(this.instanceNormalization(grouped, one, zero, options.epsilon), x);
    const scale = this.perChannel(`${path}.weight`, options.channels);
    return this.add(this.mul(normalized, scale), this.perChannel(`${path}.bias`, options.channels));
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
