import { describe, expect, it } from "vitest";
import { attentionNodes, attentionWeights, C } from "../../test/attention-forms.ts";
import { model, node, value } from "../../test/build-model.ts";
import { HEAD, HEADS, HIDDEN, transformerModel, WIDTH } from "../../test/transformer-model.ts";
import { listActivations } from "./list-activations.ts";

const style = { type: "float32", opset: 17 } as const;

describe.each(["scopes", "paths"] as const)("a model with its modules in %s", (names) => {
  const activations = listActivations(transformerModel({ ...style, names }));
  const byName = (name: string): (typeof activations)[number] | undefined =>
    activations.find((activation) => activation.names.includes(name));

  it("names what leaves a module by the module's path, as a forward hook sees it", () => {
    const modules = [
      "norm1",
      "attn.q",
      "attn.k",
      "attn.v",
      "attn.to_out",
      "norm2",
      "mlp.up",
      "mlp.act",
      "mlp.down",
    ];
    for (const block of ["blocks.0", "blocks.1"])
      for (const module of modules)
        expect(byName(`${block}.${module}`)?.path, module).toBe(`${block}.${module}`);
    expect(byName("blocks.0.attn.q")?.op).toBe("Add"); // behind the bias
    expect(byName("blocks.0")?.op).toBe("Add"); // the residual stream
    expect(byName("blocks.0.attn")?.path).toBe("blocks.0.attn.to_out"); // one value leaves both
    expect(byName("head")?.axes).toEqual(["B", "S", 3]); // behind it stands an Identity of no module
  });

  it("names what stays within a module by its operator", () => {
    expect(byName("blocks.1.attn/Softmax")).toMatchObject({ op: "Softmax", path: "blocks.1.attn/Softmax" });
    expect(byName("blocks.0.norm1/ReduceMean_1")?.op).toBe("ReduceMean");
    expect(byName("blocks.0.attn.q/MatMul")?.path).toBe("blocks.0.attn.q/MatMul");
  });

  it("shows the axes, and what is whose in attention", () => {
    expect(byName("blocks.0.mlp.act")?.axes).toEqual(["B", "S", HIDDEN]);
    expect(byName("blocks.0.attn/Softmax")?.axes).toEqual(["B", HEADS, "S", "S"]);
    const roles = activations.filter(({ role }) => role !== null);
    expect(roles.map(({ role }) => role)).toEqual([
      ...["query", "key", "pattern", "value"],
      ...["query", "key", "pattern", "value"],
    ]);
    const [query, key, pattern] = roles;
    expect(query?.axes).toEqual(["B", HEADS, "S", HEAD]);
    expect(key?.axes).toEqual(["B", HEADS, HEAD, "S"]);
    expect(pattern?.names).toContain("blocks.0.attn/Softmax");
  });
});

it("names values and nodes where no module is left", () => {
  const activations = listActivations(transformerModel({ ...style, names: "none" }));
  expect(activations.slice(0, 2)).toMatchObject([
    { value: "val_0", node: "node_val_0", path: "node_val_0", names: ["val_0", "node_val_0"] },
    { value: "val_1", path: "node_val_1", axes: ["B", "S", WIDTH] },
  ]);
});

it("lists floating-point values alone, and none that comes from constants alone", () => {
  const parts = {
    nodes: [
      ...attentionNodes(),
      node("Shape", ["x"], "shape"),
      node("Cast", ["half"], "constant", { to: 1 }),
      node("Cast", ["x"], "whole", { to: 7 }),
      node("Less", ["x", "half"], "small"),
      node("Where", ["small", "x", "half"], "kept"),
      node("Split", ["merged"], ["left", "right"], { axis: 2, num_outputs: 2 }, "", "halves"),
      node("Unheard", ["x"], "unknown", {}, "somebody"),
    ],
    inputs: [value("x", ["B", "S", C])],
    outputs: [value("left", undefined), value("shape", undefined, "int64")],
    initializers: attentionWeights(),
  };
  const activations = listActivations(model(parts));
  const values = activations.map((activation) => activation.value);
  for (const absent of ["shape", "constant", "whole", "small"]) expect(values).not.toContain(absent);
  expect(activations.find(({ value }) => value === "kept")?.elementType).toBe("float32");
  expect(activations.find(({ value }) => value === "right")).toMatchObject({
    names: ["right", "halves:1"],
    axes: ["B", "S", C / 2],
  });
  expect(activations.find(({ value }) => value === "unknown")).toMatchObject({
    elementType: null,
    axes: null,
  });
});
