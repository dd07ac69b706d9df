/** How many random sign flips make a null, or all of them. */
export type Flips = number | "exact";

/** Random flips unless others are asked for. */
export const DEFAULT_FLIPS = 200;
/** Fewer flips cannot give a p of 0.05: the smallest is 1 / (flips + 1). */
export const FEWEST_FLIPS = 19;
/** More flips take minutes to hours at the units of FLUX.2 and gigabytes, for a p below 1e-6. */
export const MOST_FLIPS = 1_000_000;

/** Says why a number of random flips is out of bounds; `null` for one that is not. */
export function findFlipsProblem(flips: number): string | null {
  if (!Number.isSafeInteger(flips) || flips < 1)
    return `Expected a whole number from ${FEWEST_FLIPS} on, or exact.`;
  if (flips < FEWEST_FLIPS)
    return `${flips} random flips cannot give p below ${(1 / (flips + 1)).toPrecision(2)}. Use ${FEWEST_FLIPS} or more (200 give p down to 0.005), or exact.`;
  if (flips > MOST_FLIPS)
    return `${flips} random flips take too long and too much memory. Use ${MOST_FLIPS} or fewer, which give p down to ${1 / MOST_FLIPS}, or exact, which takes every labelling of a set once.`;
  return null;
}

/**
 * The flips that a summary was computed with: the default if nothing varied, so that nothing was flipped; `null` if the
 * summary names none, or a number out of bounds.
 */
export function flipsOfSummary({
  signFlips,
}: {
  readonly signFlips?: { readonly exact?: unknown; readonly labellings?: unknown };
}): Flips | null {
  if (signFlips?.exact === true) return "exact";
  const flips = signFlips?.labellings;
  if (flips === 0) return DEFAULT_FLIPS;
  return typeof flips === "number" && findFlipsProblem(flips) === null ? flips : null;
}
