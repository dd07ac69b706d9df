import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { columnsOf, expectClose, firstRows, matrixOf, parity, parityDifferences } from "../../test/parity.ts";
import { exactSignFlipP } from "./exact-sign-flip-p.ts";

const first12 = firstRows(parityDifferences, 12);

describe("exactSignFlipP", () => {
  it("equals the enumeration of 12 pairs and scipy's permutation_test", async () => {
    expectClose(
      await exactSignFlipP(columnsOf(first12, [0, 1, 2, 3, 4, 5, 6, 7])),
      parity.exact12_p_two_sided_first8,
    );
    expectClose(
      await exactSignFlipP(columnsOf(first12, [2, 3, 4])),
      parity.scipy_permutation_test_units_2_4_first12,
    );
  });

  it("equals brute force, ties included", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 10 }),
        async (values) => {
          const reach = Math.abs(values.reduce((sum, value) => sum + value, 0));
          let reaching = 0;
          for (let labelling = 0; labelling < 2 ** values.length; labelling += 1) {
            const sum = values.reduce(
              (total, value, pair) => total + ((labelling >>> pair) & 1 ? -value : value),
              0,
            );
            if (Math.abs(sum) >= reach) reaching += 1;
          }
          const [p] = await exactSignFlipP(matrixOf(values.map((value) => [value / 10])));
          expect(p).toBe(reaching / 2 ** values.length);
        },
      ),
      { seed: 2 },
    );
  });

  it("gives a constant unit the least p there is and a unit of zeros 1", async () => {
    const rows = Array.from({ length: 25 }, () => [0.1, 0, -3]);
    expect([...(await exactSignFlipP(matrixOf(rows)))]).toEqual([2 ** -24, 1, 2 ** -24]);
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const run = exactSignFlipP(noise(30, 2000, 1), {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
  });

  it.each([1e308, 1e160, 1e-170])("refuses differences of %d, as pairedT does", async (size) => {
    const differences = matrixOf([[size], [size], [-size], [2 ** -4 * size]]);
    await expect(exactSignFlipP(differences)).rejects.toMatchObject({ code: "out-of-range" });
  });

  it("refuses more than 41 pairs", async () => {
    await expect(exactSignFlipP(noise(42, 1, 1))).rejects.toMatchObject({ code: "too-many-labellings" });
  });
});
