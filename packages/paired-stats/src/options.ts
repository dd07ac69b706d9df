import { PairedStatsError } from "./paired-stats-error.ts";

/** @throws {@link PairedStatsError} `invalid-argument` unless the value is a whole number from `minimum` to `maximum`. */
export function checkWhole(
  value: number,
  name: string,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return;
  const range = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} up` : `from ${minimum} to ${maximum}`;
  throw new PairedStatsError("invalid-argument", `${name}: expected a whole number ${range}, got ${value}`, {
    option: name,
    value,
  });
}

/** As many labellings as the largest exact null has: beyond, a null takes hours and gigabytes. */
export const MOST_FLIPS: number = 2 ** 26;

/**
 * @throws {@link PairedStatsError} `invalid-argument` unless there is at least one flip and no more than a null can hold, and the
 *   seed is a whole number.
 */
export function checkFlips(flips: number, seed: number): void {
  checkWhole(flips, "flips", 1, MOST_FLIPS);
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

/**
 * @returns the thresholds as a plain array.
 * @throws {@link PairedStatsError} `invalid-argument` unless they are a list of thresholds of |t|.
 */
export function checkThresholds(values: ArrayLike<number>): readonly number[] {
  const list: readonly number[] | undefined =
    Array.isArray(values) || ArrayBuffer.isView(values) ? Array.from(values) : undefined;
  if (list === undefined)
    throw new PairedStatsError(
      "invalid-argument",
      `thresholds: expected a list of numbers, got a ${typeof values}; write thresholds: [3]`,
      { option: "thresholds" },
    );
  for (const value of list) checkThreshold(value);
  return list;
}

/**
 * Refuses options that a function does not have: a misspelt one would be ignored without a word.
 *
 * @throws {@link PairedStatsError} `invalid-argument` for options that are not an object, and for a name that is not known.
 */
export function checkOptions<T extends object>(
  options: T | null, // a caller without types may pass it
  known: readonly (keyof T & string)[],
): void {
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  const unknown = Object.keys(options ?? {}).find((name) => !known.some((each) => each === name));
  if (isObject && unknown === undefined) return;
  const received = isObject && unknown !== undefined ? unknown : kindOf(options);
  throw new PairedStatsError(
    "invalid-argument",
    `options: expected an object with some of ${known.join(", ")}, got ${received}`,
    { option: received },
  );
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

/** @throws {@link PairedStatsError} `invalid-argument` unless the value is one of the choices. */
export function checkChoice<T extends string>(value: T, name: string, choices: readonly T[]): void {
  if (choices.includes(value)) return;
  throw new PairedStatsError(
    "invalid-argument",
    `${name}: expected one of ${choices.join(", ")}, got ${value}`,
    { option: name, value },
  );
}
