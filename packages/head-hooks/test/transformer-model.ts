import { model, type ModelParts, node, randomValues, tensor, value } from "./build-model.ts";

type Node = ModelParts["nodes"][number];
type Initializer = NonNullable<ModelParts["initializers"]>[number];

/** Axes: channels, heads, channels of a head, hidden units of the MLP. */
export const WIDTH = 8;
export const HEADS = 2;
export const HEAD: number = WIDTH / HEADS;
export const HIDDEN = 16;

/** How an exporter names what it writes. */
export interface ExportStyle {
  /** PyTorch's scopes in the metadata of nodes (dynamo), module paths in node names, or no trace of the modules. */
  readonly names: "scopes" | "paths" | "none";
  readonly type: "float32" | "float16";
  readonly opset: number;
}

/**
 * Two pre-norm transformer blocks as an exporter would write them: `blocks.N.norm1`, `blocks.N.attn.q` and so on, the
 * residual stream `blocks.N`, then `head`. Input `x` [B, S, WIDTH], output `y`.
 */
export function transformerParts({ names, type, opset }: ExportStyle): ModelParts {
  const nodes: Node[] = [];
  const initializers: Initializer[] = [
    tensor("heads_shape", [4], [0, 0, HEADS, HEAD], "int64"),
    tensor("merged_shape", [3], [0, 0, WIDTH], "int64"),
    tensor("half", [], [0.5], type),
  ];
  const counts = new Map<string, number>();
  let made = 0;
  const op = (module: string, opType: string, input: string[], attributes = {}): string => {
    const kind = `${module}/${opType}`;
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const output = `val_${made++}`;
    const path = `/${module.replaceAll(/\.(?!\d)/g, "/")}/${opType}${count === 0 ? "" : `_${count}`}`;
    const parts = module.split(".");
    const scopes = ["", ...parts.map((_, index) => parts.slice(0, index + 1).join(".")), output];
    const written = `[${scopes.map((scope) => `'${scope}'`).join(", ")}]`;
    const metadata = names === "scopes" ? { "pkg.torch.onnx.name_scopes": written } : undefined;
    nodes.push(
      node(opType, input, output, attributes, "", names === "paths" ? path : `node_${output}`, metadata),
    );
    return output;
  };
  const weight = (name: string, dims: number[]): string => {
    const size = dims.reduce((product, length) => product * length, 1);
    initializers.push(
      tensor(
        name,
        dims,
        randomValues(size, initializers.length).map((w) => w / 2),
        type,
      ),
    );
    return name;
  };
  const linear = (module: string, x: string, from: number, to: number): string => {
    const product = op(module, "MatMul", [x, weight(`${module}.weight`, [from, to])]);
    return op(module, "Add", [product, weight(`${module}.bias`, [to])]);
  };
  const norm = (module: string, x: string): string => {
    const mean = op(module, "ReduceMean", [x], { axes: [-1], keepdims: 1 });
    const centred = op(module, "Sub", [x, mean]);
    const square = op(module, "Mul", [centred, centred]);
    const scale = op(module, "Sqrt", [op(module, "ReduceMean", [square], { axes: [-1], keepdims: 1 })]);
    return op(module, "Mul", [op(module, "Div", [centred, scale]), weight(`${module}.weight`, [WIDTH])]);
  };
  const perHead = (module: string, x: string, perm: number[]): string =>
    op(module, "Transpose", [op(module, "Reshape", [x, "heads_shape"])], { perm });

  let stream = "x";
  for (const block of [0, 1].map((index) => `blocks.${index}`)) {
    const normed = norm(`${block}.norm1`, stream);
    const attn = `${block}.attn`;
    const [q = "", k = "", v = ""] = ["q", "k", "v"].map((name) =>
      linear(`${attn}.${name}`, normed, WIDTH, WIDTH),
    );
    const scores = op(attn, "MatMul", [perHead(attn, q, [0, 2, 1, 3]), perHead(attn, k, [0, 2, 3, 1])]);
    const pattern = op(attn, "Softmax", [op(attn, "Mul", [scores, "half"])], { axis: 3 });
    const mixed = op(attn, "MatMul", [pattern, perHead(attn, v, [0, 2, 1, 3])]);
    const merged = op(attn, "Reshape", [
      op(attn, "Transpose", [mixed], { perm: [0, 2, 1, 3] }),
      "merged_shape",
    ]);
    const middle = op(block, "Add", [stream, linear(`${attn}.to_out`, merged, WIDTH, WIDTH)]);
    const hidden = linear(`${block}.mlp.up`, norm(`${block}.norm2`, middle), WIDTH, HIDDEN);
    const gated = op(`${block}.mlp.act`, "Tanh", [hidden]);
    stream = op(block, "Add", [middle, linear(`${block}.mlp.down`, gated, HIDDEN, WIDTH)]);
  }
  const last = linear("head", stream, WIDTH, 3);
  nodes.push(node("Identity", [last], "y"));
  return {
    nodes,
    inputs: [value("x", ["B", "S", WIDTH], type)],
    outputs: [value("y", undefined, type)],
    initializers,
    opset,
    irVersion: 8,
  };
}

export function transformerModel(style: ExportStyle): Uint8Array {
  return model(transformerParts(style));
}
