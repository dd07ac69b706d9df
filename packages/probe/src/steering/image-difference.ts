import type { RgbImage } from "@measure-plantain/flux-runtime";
import { valueAt } from "../reading.ts";

/**
 * The mean of |Δ| over all pixels and colours of two images, of 255.
 *
 * @throws RangeError if they differ in size.
 */
export function imageDifference(one: RgbImage, other: RgbImage): number {
  if (one.width !== other.width || one.height !== other.height)
    throw new RangeError(
      `images of ${one.width} × ${one.height} and ${other.width} × ${other.height} pixels cannot be compared`,
    );
  let sum = 0;
  for (const [place, value] of one.data.entries()) sum += Math.abs(value - valueAt(other.data, place));
  return sum / one.data.length;
}
