import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementCount } from "../tensor.ts";
import type { Tensor } from "../tensor.ts";
import { packLatents, patchifyLatents, unpackLatents, unpatchifyLatents } from "./latent-layout.ts";

/** A tensor that holds 0, 1, 2, … */
const counting = (...shape: number[]): Tensor => ({
  data: Float32Array.from({ length: elementCount(shape) }, (_, i) => i),
  shape,
});
const axis = fc.integer({ min: 1, max: 5 });

describe("packLatents(latents)", () => {
  it("turns [C, H, W] into [H·W, C], row by row", () => {
    expect(packLatents(counting(2, 1, 3))).toEqual({
      data: Float32Array.of(0, 3, 1, 4, 2, 5),
      shape: [3, 2],
    });
  });
  it("keeps leading axes", () => {
    const batch = packLatents(counting(2, 2, 1, 3));
    expect(batch.shape).toEqual([2, 3, 2]);
    expect([...batch.data]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
  });
  it("refuses fewer than three axes", () => {
    expect(() => packLatents(counting(2, 3))).toThrow(/\[\.\.\., C, H, W\], but have \[2, 3\]/);
  });
});

describe("unpackLatents(tokens, { height, width })", () => {
  it("inverts packLatents", () => {
    fc.assert(
      fc.property(axis, axis, axis, axis, (batch, channels, height, width) => {
        const latents = counting(batch, channels, height, width);
        expect(unpackLatents(packLatents(latents), { height, width })).toEqual(latents);
      }),
    );
  });
  it("refuses a size that does not fit the tokens", () => {
    expect(() => unpackLatents(counting(5, 2), { height: 2, width: 3 })).toThrow(
      /\[\.\.\., 6, C\].*\[5, 2\]/,
    );
  });
});

describe("patchifyLatents(latents)", () => {
  it("folds each 2 × 2 patch into channels: 4·c + 2·dy + dx", () => {
    const folded = patchifyLatents(counting(1, 2, 4));
    expect(folded.shape).toEqual([4, 1, 2]);
    // Rows of the image: 0 1 2 3 and 4 5 6 7.
    expect([...folded.data]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
  it("keeps channels apart: channel c of the image fills 4·c to 4·c + 3", () => {
    expect([...patchifyLatents(counting(1, 2, 2, 2)).data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
  it("refuses odd sizes", () => {
    expect(() => patchifyLatents(counting(1, 3, 2))).toThrow(/even, but they have 3 × 2/);
  });
});

describe("unpatchifyLatents(latents)", () => {
  it("inverts patchifyLatents", () => {
    fc.assert(
      fc.property(axis, axis, axis, axis, (batch, channels, height, width) => {
        const latents = counting(batch, channels, 2 * height, 2 * width);
        expect(unpatchifyLatents(patchifyLatents(latents))).toEqual(latents);
      }),
    );
  });
  it("refuses channels that are no multiple of 4", () => {
    expect(() => unpatchifyLatents(counting(6, 1, 1))).toThrow(/multiple of 4, but there are 6/);
  });
});

it.each([
  ["packLatents", (latents: Tensor) => packLatents(latents)],
  ["patchifyLatents", (latents: Tensor) => patchifyLatents(latents)],
  ["unpatchifyLatents", (latents: Tensor) => unpatchifyLatents(latents)],
  ["unpackLatents", (latents: Tensor) => unpackLatents(latents, { height: 2, width: 2 })],
])("%s refuses data that do not fit their shape", (_, rearrange) => {
  for (const length of [15, 33]) {
    expect(() => rearrange({ data: new Float32Array(length), shape: [4, 4, 2] })).toThrow(
      `32 values for the shape [4, 4, 2], but are ${length}`,
    );
  }
});
