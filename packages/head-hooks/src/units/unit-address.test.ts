import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadHooksError } from "../head-hooks-error.ts";
import { formatUnitAddress, isUnitPath, parseUnitAddress, type UnitAddress } from "./unit-address.ts";

const segment = fc
  .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
  .filter((text) => isUnitPath(text) && !text.includes("."));
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("."));
const index = fc.maxSafeNat();
const address: fc.Arbitrary<UnitAddress> = fc.oneof(
  fc.record({ type: fc.constant("head" as const), path, head: index }),
  fc
    .record({ path, a: index, b: index })
    .filter(({ a, b }) => a !== b)
    .map(({ path, a, b }) => ({ type: "group" as const, path, start: Math.min(a, b), stop: Math.max(a, b) })),
);

describe("parseUnitAddress", () => {
  it("reads groups of channels and heads", () => {
    expect(parseUnitAddress("joint.3.to_out[16:32]")).toEqual({
      type: "group",
      path: "joint.3.to_out",
      start: 16,
      stop: 32,
    });
    expect(parseUnitAddress("single.2.mlp[0:16]")).toEqual({
      type: "group",
      path: "single.2.mlp",
      start: 0,
      stop: 16,
    });
    expect(parseUnitAddress("single.2.head.5")).toEqual({ type: "head", path: "single.2", head: 5 });
  });

  it("takes the last head of a path that has two", () => {
    expect(parseUnitAddress("a.head.1.head.2")).toEqual({ type: "head", path: "a.head.1", head: 2 });
  });

  it("takes what exporters put into names", () => {
    expect(parseUnitAddress("/blocks.0/attn/MatMul[0:8]")).toMatchObject({ path: "/blocks.0/attn/MatMul" });
    expect(parseUnitAddress("onnx::MatMul_12.head.0")).toMatchObject({ path: "onnx::MatMul_12" });
  });

  it("returns what formatUnitAddress was given", () => {
    fc.assert(
      fc.property(address, (unit) => {
        expect(parseUnitAddress(formatUnitAddress(unit))).toEqual(unit);
      }),
    );
  });

  it("reads no text that formatUnitAddress would write differently", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a.[\]:0-9head]{1,16}$/)), (text) => {
        let unit: UnitAddress;
        try {
          unit = parseUnitAddress(text);
        } catch (error) {
          expect(error).toBeInstanceOf(HeadHooksError);
          return;
        }
        expect(formatUnitAddress(unit)).toBe(text);
      }),
    );
  });

  it.each([
    "",
    "single.2",
    "[0:16]",
    "single.2.mlp[16:16]",
    "single.2.mlp[32:16]",
    "single.2.mlp[0:]",
    "single.2.mlp[-1:3]",
    "single.2.mlp[00:16]",
    "single.2.mlp[0:16] ",
    "single..mlp[0:16]",
    "single 2[0:16]",
    ".head.5",
    "single.2.head.05",
    "single.2.head.-1",
    "single.2.head.99999999999999999999",
    "a[0:99999999999999999999]",
    "a,b[0:1]",
    "a[0:1][0:1]",
  ])("refuses %j with a message that names it", (text) => {
    expect(() => parseUnitAddress(text)).toThrow(HeadHooksError);
    expect(() => parseUnitAddress(text)).toThrow(
      expect.objectContaining({ code: "invalid-address", details: { address: text } }),
    );
  });
});

describe("formatUnitAddress", () => {
  it("refuses a path or numbers that parseUnitAddress would not read", () => {
    expect(() => formatUnitAddress({ type: "group", path: "a b", start: 0, stop: 1 })).toThrow(
      HeadHooksError,
    );
    expect(() => formatUnitAddress({ type: "group", path: "a", start: 1, stop: 1 })).toThrow(HeadHooksError);
    expect(() => formatUnitAddress({ type: "head", path: "a", head: 0.5 })).toThrow(HeadHooksError);
  });
});
