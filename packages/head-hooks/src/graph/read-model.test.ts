import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { externalTensor, model, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { hookModel } from "../hook/hook-model.ts";
import { readModel } from "./read-model.ts";

const bytes = model({
  nodes: [
    node("MatMul", ["x", "w"], "h", {}, "", "first"),
    node("Constant", [], "c", { value: tensor("", [2], [1, 2]) }),
    node("MatMul", ["h", "far"], "y", {}, "", "second"),
  ],
  inputs: [value("x", ["B", "S", 4])],
  outputs: [value("y", undefined)],
  initializers: [
    tensor("w", [4, 4], randomValues(16, 1)),
    externalTensor("far", [4, 2], "weights.bin", 64, 32),
  ],
  valueInfos: [value("h", ["B", "S", 4])],
});

/** Whatever the bytes, hooking ends in a result or in this package's error. */
function expectTyped(input: Uint8Array): void {
  try {
    hookModel(input, { taps: [{ at: "first" }], groupSize: 2 });
  } catch (error) {
    expect(error).toBeInstanceOf(HeadHooksError);
  }
}

describe("readModel", () => {
  it("reads names, shapes and places without the values of initializers", () => {
    const view = readModel(bytes);
    expect(view.nodes.map(({ name }) => name)).toEqual(["first", "c", "second"]);
    expect([...view.initializers.values()]).toMatchObject([
      { name: "w", dims: [4, 4], elementType: 1 },
      { name: "far", dims: [4, 2], elementType: 1, externalLocation: "weights.bin" },
    ]);
    expect(view.opsets).toEqual(
      new Map([
        ["", 21],
        ["com.microsoft", 1],
      ]),
    );
    expect([...view.valueInfos.keys()]).toEqual(["h"]);
    expect(view.bytes).toBe(bytes);
  });

  it.each([
    ["no bytes", new Uint8Array()],
    ["text", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n")],
    ["a model without its graph", Uint8Array.of(8, 10)],
    ["a graph of the wrong wire type", Uint8Array.of(0x38, 1)],
    ["two graphs", Uint8Array.of(0x3a, 0, 0x3a, 0)],
    ["a length beyond the end", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f)],
  ])("refuses %s as malformed-model", (_, input) => {
    expect(() => readModel(input)).toThrow(expect.objectContaining({ code: "malformed-model" }));
  });

  it("gives a typed error or a model for every truncation", () => {
    for (let length = 0; length < bytes.length; length++) expectTyped(bytes.slice(0, length));
  });

  it("gives a typed error or a model for random changes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) }), {
          minLength: 1,
          maxLength: 8,
        }),
        (changes) => {
          const changed = bytes.slice();
          for (const { at, byte } of changes) changed[at] = byte;
          expectTyped(changed);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
