import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataLocation } from "onnx-buf";
import { expect, it } from "vitest";
import { GraphBuilder } from "./graph-builder.ts";
import { ModelGraph } from "./model-graph.ts";

it("nodes that load weights stand before all others, in whatever order they were asked for", () => {
  const g = new GraphBuilder("order");
  const x = g.input("x", "float32", [2]);
  const place = { location: "w.safetensors", byteOffset: 8, byteLength: 4 };
  const first = g.loadNode("Cast", g.externalInitializer("w", "bfloat16", [2], place), [], "float32", {
    to: 1,
  });
  const sum = g.node("Add", [x, first], "float32");
  const second = g.loadNode("Cast", g.externalInitializer("v", "bfloat16", [2], place), [], "float32", {
    to: 1,
  });
  g.output("y", g.node("Mul", [sum, second], "float32"), [2]);

  const { graph } = fromBinary(ModelProtoSchema, g.serialize());
  expect(graph?.node.map(({ opType }) => opType)).toEqual(["Cast", "Cast", "Add", "Mul", "Identity"]);
});

it("an external initializer holds a place and no bytes", () => {
  const g = new GraphBuilder("external");
  g.externalInitializer("w", "bfloat16", [3, 5], {
    location: "part/w.safetensors",
    byteOffset: 96,
    byteLength: 30,
  });
  const [initializer] = fromBinary(ModelProtoSchema, g.serialize()).graph?.initializer ?? [];
  expect(initializer?.dataLocation).toBe(TensorProto_DataLocation.EXTERNAL);
  expect(initializer?.externalData.map(({ key, value }) => [key, value])).toEqual([
    ["location", "part/w.safetensors"],
    ["offset", "96"],
    ["length", "30"],
  ]);
  expect(initializer?.rawData).toHaveLength(0);
});

it("a weight that several layers share is stored once and cast once", () => {
  const g = new ModelGraph("shared", {
    computeType: "float32",
    weights: {
      locate: (_, shape) => ({
        dtype: "BF16",
        shape,
        file: "w",
        location: "w",
        byteOffset: 0,
        byteLength: 0,
      }),
    },
  });
  const x = g.input("x", "float32", [1, 4]);
  const sum = g.add(g.linear(x, "layer", { in: 4, out: 4 }), g.linear(x, "layer", { in: 4, out: 4 }));
  g.output("y", sum, [1, 4]);
  const { graph } = fromBinary(ModelProtoSchema, g.serialize());
  expect(graph?.initializer.map(({ name }) => name)).toEqual(["layer.weight"]);
  expect(graph?.node.filter(({ opType }) => opType === "Cast")).toHaveLength(1);
});

it("a weight of a type that no graph reads is refused by name", () => {
  const g = new ModelGraph("types", {
    computeType: "float32",
    weights: {
      locate: (_, shape) => ({
        dtype: "F8_E8M0",
        shape,
        file: "w.st",
        location: "w",
        byteOffset: 0,
        byteLength: 0,
      }),
    },
  });
  expect(() => g.weight("layer.weight", [4, 4])).toThrow(
    /layer\.weight in w\.st is F8_E8M0; expected one of BF16/,
  );
});
