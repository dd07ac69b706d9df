import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, NodeProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { model, node, tensor, value } from "../../test/build-model.ts";
import { readModel } from "./read-model.ts";
import { joinBytes, spliceModel } from "./splice-model.ts";

const bytes = model({
  nodes: [node("Tanh", ["x"], "a"), node("Tanh", ["a"], "y")],
  inputs: [value("x", ["N"])],
  outputs: [value("y", undefined)],
  initializers: [tensor("w", [2], [1, 2])],
});
const added = create(NodeProtoSchema, node("Abs", ["a"], "b"));

describe("spliceModel", () => {
  it("puts each run of nodes behind the node that it follows", () => {
    const additions = {
      nodes: [
        { after: 1, nodes: [added] },
        { after: -1, nodes: [added, added] },
        { after: 0, nodes: [added] },
      ],
      inputs: [],
      outputs: [],
    };
    const spliced = fromBinary(ModelProtoSchema, joinBytes(spliceModel(readModel(bytes), additions)));
    expect(spliced.graph?.node.map(({ opType }) => opType)).toEqual([
      "Abs",
      "Abs",
      "Tanh",
      "Abs",
      "Tanh",
      "Abs",
    ]);
  });

  it("keeps the order of runs at the same place", () => {
    const runs = ["p", "q"].map((name) => ({ after: 0, nodes: [create(NodeProtoSchema, { name })] }));
    const spliced = readModel(
      joinBytes(spliceModel(readModel(bytes), { nodes: runs, inputs: [], outputs: [] })),
    );
    expect(spliced.nodes.map(({ name }) => name)).toEqual(["a", "p", "q", "y"]);
  });

  it("changes nothing but what it adds, unknown fields neither", () => {
    const unknown = Uint8Array.of(0xfa, 0x3f, 3, 1, 2, 3); // field 1023, three bytes
    const extended = joinBytes([bytes, unknown]);
    const pieces = spliceModel(readModel(extended), {
      nodes: [{ after: 0, nodes: [added] }],
      inputs: [],
      outputs: [],
    });
    const spliced = joinBytes(pieces);
    expect(spliced.slice(-unknown.length)).toEqual(unknown);
    const parsed = fromBinary(ModelProtoSchema, spliced);
    parsed.graph?.node.splice(1, 1);
    expect(equals(ModelProtoSchema, parsed, fromBinary(ModelProtoSchema, extended))).toBe(true);
    expect(toBinary(ModelProtoSchema, parsed)).toEqual(
      toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, extended)),
    );
  });

  it("holds the old bytes as views, not copies", () => {
    const pieces = spliceModel(readModel(bytes), {
      nodes: [{ after: 0, nodes: [added] }],
      inputs: [],
      outputs: [],
    });
    const copied = pieces.filter(({ buffer }) => buffer !== bytes.buffer);
    expect(copied.reduce((sum, piece) => sum + piece.length, 0)).toBeLessThan(40);
  });
});
