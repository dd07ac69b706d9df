import { PairedStatsError } from "../paired-stats-error.ts";
import { randomWords } from "../random.ts";
import { integerAt } from "../reading.ts";

/** Signs to flip pairs by: row-major `[flips, pairs]`, each value 1 or −1. */
export interface SignMatrix {
  /** `flips × pairs` values, each 1 or −1. */
  readonly data: Int8Array | Float32Array | Float64Array;
  /** `[flips, pairs]`. */
  readonly shape: readonly [number, number];
}

/** A list of labellings: each says of every pair whether its two sides change places (the difference its sign). */
export interface Labellings {
  /** How many labellings there are. */
  readonly count: number;
  /** Whether these are all labellings up to the common sign, counted up in binary from the observed one. */
  readonly exact: boolean;
  /** Whether a labelling flips a pair. */
  readonly flips: (labelling: number, pair: number) => boolean;
}

/** The most pairs whose labellings are all enumerated, by `exact`: beyond 2^26 labellings that takes hours and gigabytes. */
export const MOST_PAIRS_ENUMERATED = 27;

/** What the choice of labellings depends on. */
export interface LabellingOptions {
  readonly flips: number;
  readonly seed: number;
  readonly signs: SignMatrix | undefined;
  readonly exact: boolean;
}

/** The labellings that a caller's options ask for: all of them, given ones, or random ones. */
export function chooseLabellings(pairs: number, { flips, seed, signs, exact }: LabellingOptions): Labellings {
  if (exact && signs)
    throw new PairedStatsError("invalid-argument", "exact and signs: expected one of the two, got both", {});
  if (exact) return allLabellings(pairs);
  return signs ? givenLabellings(signs, pairs) : randomLabellings(flips, pairs, seed);
}

/**
 * Independent fair flips of every pair. Each labelling takes ⌈pairs / 32⌉ words of the seeded stream, and pair i is
 * flipped where bit i mod 32 of word ⌊i / 32⌋ is set.
 */
export function randomLabellings(flips: number, pairs: number, seed: number): Labellings {
  const next = randomWords(seed);
  const wordsEach = Math.ceil(pairs / 32);
  const words = Uint32Array.from({ length: flips * wordsEach }, next);
  return {
    count: flips,
    exact: false,
    flips: (labelling, pair) =>
      ((integerAt(words, labelling * wordsEach + (pair >>> 5)) >>> (pair & 31)) & 1) === 1,
  };
}

/**
 * The caller's labellings, in their order.
 *
 * @throws {@link PairedStatsError} `invalid-signs` unless the matrix is `[flips, pairs]` of 1 and −1.
 */
function givenLabellings(signs: SignMatrix, pairs: number): Labellings {
  const { data, shape }: Partial<SignMatrix> = signs; // a caller without types may pass nested arrays
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape))
    throw new PairedStatsError(
      "invalid-signs",
      `signs: expected { data, shape } with data a typed array of 1 and −1; write ` +
        `{ data: Int8Array.from(rows.flat()), shape: [flips, ${pairs}] }`,
      { pairs },
    );
  const [flips, columns] = signs.shape;
  if (columns !== pairs || flips < 1 || !Number.isSafeInteger(flips) || flips * columns !== data.length)
    throw new PairedStatsError(
      "invalid-signs",
      `signs: expected shape [flips, ${pairs}] (one column per pair) with as many values, got [${flips}, ${columns}] ` +
        `with ${data.length} values`,
      { rows: flips, columns, length: data.length, pairs },
    );
  const wrong = data.findIndex((sign) => sign !== 1 && sign !== -1);
  if (wrong >= 0)
    throw new PairedStatsError(
      "invalid-signs",
      `signs: expected 1 or −1, got ${data[wrong] ?? "nothing"} at row ${Math.floor(wrong / columns)}, ` +
        `column ${wrong % columns}`,
      { row: Math.floor(wrong / columns), column: wrong % columns },
    );
  return { count: flips, exact: false, flips: (labelling, pair) => data[labelling * columns + pair] === -1 };
}

/**
 * All 2^(pairs − 1) labellings that differ by more than a common sign, counted up in binary with pair 0 as the lowest
 * bit; the last pair keeps its sign.
 *
 * @throws {@link PairedStatsError} `too-many-labellings` above 27 pairs.
 */
export function allLabellings(pairs: number): Labellings {
  if (pairs > MOST_PAIRS_ENUMERATED)
    throw new PairedStatsError(
      "too-many-labellings",
      `exact: expected at most ${MOST_PAIRS_ENUMERATED} pairs, got ${pairs} (2^${pairs - 1} labellings); ` +
        `take random flips, or exactSignFlipP for exact p-values unit by unit`,
      { pairs, most: MOST_PAIRS_ENUMERATED },
    );
  return {
    count: 2 ** (pairs - 1),
    exact: true,
    flips: (labelling, pair) => ((labelling >>> pair) & 1) === 1,
  };
}
