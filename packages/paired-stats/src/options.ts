import { PairedStatsError } from "./paired-stats-error.ts";

/** @throws {@link PairedStatsError} `invalid-argument` unless the value is a whole number from `minimum` up. */
export function checkWhole(value: number, name: string, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new PairedStatsError(
    "invalid-argument",
    `${name}: expected a whole number from ${minimum} up, got ${value}`,
    {
      option: name,
      value,
    },
  );
}

/** @throws {@link PairedStatsError} `invalid-argument` unless there is at least one flip and the seed is a whole number. */
export function checkFlips(flips: number, seed: number): void {
  checkWhole(flips, "flips", 1);
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
}

/** @throws {@link PairedStatsError} `invalid-argument` unless the value lies inside (0, 1). */
export function checkFraction(value: number, name: string): void {
  if (value > 0 && value < 1) return;
  throw new PairedStatsError("invalid-argument", `${name}: expected a number inside (0, 1), got ${value}`, {
    option: name,
    value,
  });
}

/** @throws {@link PairedStatsError} `invalid-argument` unless the threshold of |t| is finite and not negative. */
export function checkThreshold(value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new PairedStatsError(
    "invalid-argument",
    `thresholds: expected finite numbers from 0 up, got ${value}; they are compared with |t|`,
    { option: "thresholds", value },
  );
}
