import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto, type TensorProto } from "onnx-buf";

type Shape = readonly number[];

/** What is known of a tensor: its shape, and its values where shapes are computed with. */
interface Known {
  readonly shape: Shape;
  readonly values?: readonly number[];
}

/**
 * The shape of every tensor of a model that graphs of this package are written with, at given lengths of its open dimensions.
 *
 * @param lengths - By the name of the dimension.
 * @throws {Error} for an operator that these graphs do not use.
 */
export function inferShapes(
  model: Uint8Array,
  lengths: Readonly<Record<string, number>>,
): ReadonlyMap<string, Shape> {
  const { graph } = fromBinary(ModelProtoSchema, model);
  if (graph === undefined) throw new Error("the model has no graph");
  const known = new Map<string, Known>();
  for (const tensor of graph.initializer) known.set(tensor.name, readInitializer(tensor));
  for (const { name, type } of graph.input) {
    const dims = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
    known.set(name, {
      shape: dims.map(({ value }) =>
        value.case === "dimValue" ? Number(value.value) : (lengths[value.value ?? ""] ?? NaN),
      ),
    });
  }
  for (const node of graph.node) {
    const inputs = node.input.map((name) => known.get(name) ?? { shape: [] });
    const outputs = inferNode(node, inputs);
    for (const [index, name] of node.output.entries()) {
      const output = outputs[index] ?? outputs[0];
      if (output === undefined || output.shape.some((length) => !Number.isSafeInteger(length))) {
        throw new Error(`the shape of ${name}, made by ${node.opType}, is not known`);
      }
      known.set(name, output);
    }
  }
  return new Map([...known].map(([name, { shape }]) => [name, shape]));
}

function readInitializer({ dims, int64Data }: TensorProto): Known {
  return { shape: dims.map(Number), ...(int64Data.length > 0 && { values: int64Data.map(Number) }) };
}

function inferNode(node: NodeProto, inputs: readonly Known[]): Known[] {
  const [x = { shape: [] }, second = { shape: [] }, third] = inputs;
  const rank = x.shape.length;
  const axis = place(integer(node, "axis") ?? 0, rank);
  switch (node.opType) {
    case "Add":
    case "Mul":
    case "Sub":
      return [{ shape: broadcast(x.shape, second.shape) }];
    case "Where":
      return [{ shape: broadcast(broadcast(x.shape, second.shape), third?.shape ?? []) }];
    case "Cast":
    case "Identity":
    case "QuickGelu":
    case "Softmax":
    case "LayerNormalization":
    case "SimplifiedLayerNormalization":
    case "InstanceNormalization":
    case "RotaryEmbedding":
      return [{ shape: x.shape }];
    case "MatMul":
      return [
        {
          shape: [
            ...broadcast(x.shape.slice(0, -2), second.shape.slice(0, -2)),
            x.shape.at(-2) ?? NaN,
            second.shape.at(-1) ?? NaN,
          ],
        },
      ];
    case "Shape":
      return [{ shape: [1], values: x.shape.slice(integer(node, "start") ?? 0, integer(node, "end")) }];
    case "Reshape":
      return [{ shape: reshape(x.shape, second.values ?? []) }];
    case "Expand":
      return [{ shape: broadcast(x.shape, second.values ?? []) }];
    case "Transpose":
      return [{ shape: integers(node, "perm").map((from) => x.shape[from] ?? NaN) }];
    case "Unsqueeze":
      return [{ shape: x.shape.toSpliced(place(second.values?.[0] ?? NaN, rank + 1), 0, 1) }];
    case "Concat":
      return [{ shape: x.shape.with(axis, sumOf(inputs.map(({ shape }) => shape[axis] ?? NaN))) }];
    case "Split": {
      const parts = integer(node, "num_outputs") ?? 1;
      const lengths = second.values ?? Array.from({ length: parts }, () => (x.shape[axis] ?? NaN) / parts);
      return lengths.map((length) => ({ shape: x.shape.with(axis, length) }));
    }
    case "Slice": {
      const [along = 0] = inputs[3]?.values ?? [];
      const length = x.shape[place(along, rank)] ?? NaN;
      const [start = NaN, end = NaN] = [second.values?.[0], third?.values?.[0]].map((bound = NaN) =>
        Math.min(length, bound),
      );
      return [{ shape: x.shape.with(place(along, rank), end - start) }];
    }
    case "Conv": {
      const [kernel = NaN] = second.shape.slice(2);
      const pads = integers(node, "pads");
      const [stride = NaN] = integers(node, "strides");
      const sides = x.shape.slice(2).map((side, i) => {
        return Math.floor((side + (pads[i] ?? NaN) + (pads[i + 2] ?? NaN) - kernel) / stride) + 1;
      });
      return [{ shape: [x.shape[0] ?? NaN, second.shape[0] ?? NaN, ...sides] }];
    }
    case "Resize":
      return [{ shape: x.shape.map((length, i) => (i < 2 ? length : 2 * length)) }]; // the only scale there is
    default:
      throw new Error(`no rule for the shape that ${node.opType} gives`);
  }
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [one = 1, other = 1] = [a[a.length - rank + i], b[b.length - rank + i]];
    if (one !== other && one !== 1 && other !== 1) return NaN;
    return one === 1 ? other : one;
  });
}

function reshape(from: Shape, wanted: readonly number[]): Shape {
  const kept = wanted.map((length, i) => (length === 0 ? (from[i] ?? NaN) : length));
  const rest = kept.filter((length) => length !== -1).reduce((size, length) => size * length, 1);
  return kept.map((length) => (length === -1 ? from.reduce((size, own) => size * own, 1) / rest : length));
}

function place(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function integer({ attribute }: NodeProto, name: string): number | undefined {
  const found = attribute.find((entry) => entry.name === name);
  return found === undefined ? undefined : Number(found.i);
}

function integers({ attribute }: NodeProto, name: string): number[] {
  return attribute.find((entry) => entry.name === name)?.ints.map(Number) ?? [];
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
