import { describe, expect, it } from "vitest";
import { applyEdit } from "./apply-edit.ts";

const file = "a\nb\n\nc\nb\nd\n";

describe("applyEdit", () => {
  it("replaces what stands behind - by what stands behind +, between the lines that stay", () => {
    expect(applyEdit(file, " a\n-b\n+B\n+BB\n \n c\n")).toBe("a\nB\nBB\n\nc\nb\nd\n");
  });

  it("takes an empty line of an edit for an empty line of the file", () => {
    expect(applyEdit(file, " b\n\n+x\n c\n")).toBe("a\nb\n\nx\nc\nb\nd\n");
  });

  it("applies the parts between … one after the other", () => {
    expect(applyEdit(file, "-a\n+A\n…\n-d\n+D\n")).toBe("A\nb\n\nc\nb\nD\n");
  });

  it("refuses an edit of lines that the file does not have, has twice, or that is none", () => {
    expect(() => applyEdit(file, "-e\n+E\n")).toThrow("no such lines");
    expect(() => applyEdit(file, "-b\n+B\n")).toThrow("twice");
    expect(() => applyEdit(file, "x\n")).toThrow("starts with a space");
  });
});
