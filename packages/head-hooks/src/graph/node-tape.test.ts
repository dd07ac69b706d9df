import { describe, expect, it } from "vitest";
import { NodeTape } from "./node-tape.ts";

describe("NodeTape", () => {
  it("records each call as a node and returns the name of its output", () => {
    const tape = new NodeTape("p", 21);
    const shape = tape.op("shape", "Shape", ["x"]);
    tape.op("first", "Gather", [shape, tape.int64("zero", 0)]);
    expect(tape.nodes.map(({ opType, input, output }) => [opType, input, output])).toEqual([
      ["Shape", ["x"], ["p/shape"]],
      ["Constant", [], ["p/zero"]],
      ["Gather", ["p/shape", "p/zero"], ["p/first"]],
    ]);
  });

  it.each([
    ["ReduceSum", 12, 1],
    ["ReduceSum", 13, 2],
    ["ReduceMean", 17, 1],
    ["ReduceMean", 18, 2],
    ["ReduceSumSquare", 17, 1],
    ["ReduceSumSquare", 18, 2],
  ] as const)("gives %s under operator set %i its axes with %i inputs in all", (opType, opset, inputs) => {
    const tape = new NodeTape("p", opset);
    tape.reduce("r", opType, "x", 1);
    const reduce = tape.nodes.at(-1);
    expect(reduce?.input).toHaveLength(inputs);
    expect(reduce?.attribute.some(({ name }) => name === "axes")).toBe(inputs === 1);
  });
});
