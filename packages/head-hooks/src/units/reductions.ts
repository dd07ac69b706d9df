/**
 * What is computed of a unit's values: `meanSquare` the mean of x², `rms` its root, `mean` the mean of x, `absMax`
 * the largest |x|.
 */
export type Reduction = "meanSquare" | "rms" | "mean" | "absMax";

/** The name that the output has by default. */
export const OUTPUT_NAMES: Readonly<Record<Reduction, string>> = {
  meanSquare: "mean_square",
  rms: "rms",
  mean: "mean",
  absMax: "abs_max",
};

/** All reductions. */
export const REDUCTIONS: readonly Reduction[] = ["meanSquare", "rms", "mean", "absMax"];
