import { describe, expect, it } from "vitest";
import { matrixOf, parityDifferences, paritySigns } from "../test/parity.ts";
import { describePairedT, describeSignFlipNull } from "./describe.ts";
import { signFlipNull } from "./flips/sign-flip-null.ts";
import { pairedT } from "./paired-t.ts";

describe("describePairedT", () => {
  it("lists count, mean, deviation and quartiles of every statistic, without the degenerate units", () => {
    const text = describePairedT(pairedT(parityDifferences));
    expect(text.split("\n")[0]).toMatch(/^ +mean +sd +t +\|t\| +p +d_z$/);
    expect(text).toMatch(/^count +38 +38 +38 +38 +38 +38$/m);
    expect(text).toMatch(/^max .* 10\.44 /m);
    expect(text).toContain("25 pairs, 40 units, 2 of them degenerate");
  });

  it("works for a single unit", () => {
    expect(describePairedT(pairedT(matrixOf([[1], [2]])))).toMatch(/^std +0 +0 +0/m);
  });

  it("refuses units that are all degenerate", () => {
    expect(() => describePairedT(pairedT(matrixOf([[1], [1]])))).toThrow(
      expect.objectContaining({ code: "degenerate" }),
    );
  });
});

describe("describeSignFlipNull", () => {
  it("has a line per threshold and one for the maximum, in columns", async () => {
    const text = describeSignFlipNull(await signFlipNull(parityDifferences, { signs: paritySigns }));
    const lines = text.split("\n");
    expect(lines.length).toBe(5);
    expect(new Set(lines.slice(0, 4).map((line) => line.length)).size).toBe(1);
    expect(lines[1]).toMatch(/^units with \|t\| > 3 +7 \(18\.4 %\) +0\.2400 +3 +2\.333 +0\.004975$/);
    expect(lines[3]).toMatch(/^max \|t\| +10\.44/);
  });
});
