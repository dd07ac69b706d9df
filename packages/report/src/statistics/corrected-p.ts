import {
  adjustPValues,
  exactSignFlipP,
  type Matrix,
  type PairedT,
  type SignFlipNull,
  singleStepMaxT,
  stepDownMaxT,
} from "@measure-plantain/paired-stats";
import type { FlipOptions } from "./flip-options.ts";

/** What the p-values of the units become when their number is taken into account; one value per unit. */
export interface CorrectedP {
  /** The chance that any unit reaches this |t| when the labels mean nothing, by the greatest |t|. */
  readonly familyWise: Float64Array;
  /** `single-step` if the null takes every labelling, which leaves too much to step down through. */
  readonly familyWiseMethod: "step-down" | "single-step";
  /** Benjamini–Hochberg: the expected share of false ones among the units with a value as small. */
  readonly falseDiscovery: Float64Array;
  /** The unit's own exact sign-flip p, not corrected; `null` if the null does not take every labelling. */
  readonly exact: Float64Array | null;
}

/** Corrects the p-values of a family of units for their number. */
export async function correctP(
  differences: Matrix,
  { p, degenerateUnits, ...statistics }: PairedT,
  signFlip: SignFlipNull,
  { flips, seed, signal, onProgress }: FlipOptions,
): Promise<CorrectedP> {
  const isExact = flips === "exact";
  return {
    familyWise: isExact
      ? singleStepMaxT({ p, degenerateUnits, ...statistics }, signFlip)
      : await stepDownMaxT(differences, { flips, seed, signal, onProgress }),
    familyWiseMethod: isExact ? "single-step" : "step-down",
    falseDiscovery: adjustPValues(p, "benjamini-hochberg", { exclude: degenerateUnits }),
    exact: isExact
      ? await exactSignFlipP(differences, { ...(signal && { signal }), ...(onProgress && { onProgress }) })
      : null,
  };
}
