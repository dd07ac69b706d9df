import { describe, expect, it } from "vitest";
import { HeadHooksError } from "../head-hooks-error.ts";
import { compileNamePattern, expandPath } from "./name-pattern.ts";

describe("compileNamePattern", () => {
  it.each([
    ["transformer_blocks.0.attn.to_out.0", "transformer_blocks.0.attn.to_out.0", true],
    ["transformer_blocks.0.attn.to_out.0", "single_transformer_blocks.0.attn.to_out.0", false],
    ["transformer_blocks.0.attn.to_out.0", "transformer_blocks.0.attn.to_out.0.weight", false],
    ["transformer_blocks.*.attn", "transformer_blocks.12.attn", true],
    ["transformer_blocks.*.attn", "transformer_blocks.1.2.attn", false],
    ["transformer_blocks.*.attn", "transformer_blocks..attn", false],
    ["**.attn", "a.b/c.attn", true],
    ["/blocks.*/attn/**", "/blocks.3/attn/to_out/MatMul", true],
    ["blocks.?", "blocks.7", true],
    ["blocks.?", "blocks.12", false],
    ["a.b", "axb", false],
    ["a+(b)[c]{d}|^$", "a+(b)[c]{d}|^$", true],
    ["onnx::MatMul_*", "onnx::MatMul_123", true],
  ])("matches the glob %s against %s: %s", (at, name, expected) => {
    expect(compileNamePattern(at)(name) !== undefined).toBe(expected);
  });

  it("searches a regular expression anywhere, each time from the start", () => {
    const pattern = compileNamePattern(/attn\.(\d)/g);
    expect(pattern("blocks.attn.3")?.captures).toEqual(["3"]);
    expect(pattern("blocks.attn.4")?.captures).toEqual(["4"]);
  });

  it("refuses an empty glob", () => {
    expect(() => compileNamePattern("")).toThrow(HeadHooksError);
  });
});

describe("expandPath", () => {
  it("fills in wildcards in order, named groups and the whole name", () => {
    const glob = compileNamePattern("*.blocks.*.attn")("single.blocks.7.attn");
    const named = compileNamePattern(/(?<kind>\w+)\.(\d+)/)("joint.3");
    if (glob === undefined || named === undefined) throw new Error("the patterns must match");
    expect(expandPath("{1}.{2}.out", glob)).toBe("single.7.out");
    expect(expandPath("{0}", glob)).toBe("single.blocks.7.attn");
    expect(expandPath("{kind}.{2}", named)).toBe("joint.3");
  });

  it("fills in nothing for a group that took no part", () => {
    const match = compileNamePattern(/a(b)?(?<c>c)?/)("a");
    if (match === undefined) throw new Error("the pattern must match");
    expect(expandPath("x{1}{c}", match)).toBe("x");
  });

  it.each(["{2}", "{kind}", "{}", "{constructor}"])(
    "refuses %s where the pattern has no such group",
    (path) => {
      const match = compileNamePattern("blocks.*")("blocks.1");
      if (match === undefined) throw new Error("the pattern must match");
      expect(() => expandPath(path, match)).toThrow(/the pattern has 1 wildcards or groups/);
    },
  );
});
