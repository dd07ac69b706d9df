import type { Matrix } from "../src/matrix.ts";

/** Whole differences `[pairs, units]`. */
export type WholeRows = readonly (readonly number[])[];
/** Labellings: 1 or −1 for every pair. */
export type Signs = readonly (readonly number[])[];

/** t² as a fraction of whole numbers, exact: (N − 1) S² / (N Σd² − S²), by the size of S² / (N Σd²), which it rises with. */
interface ExactT {
  readonly squaredSum: bigint;
  readonly squares: bigint;
}

/** What is exactly true of sign flips of whole differences, in fractions of whole numbers. */
export class ExactFlips {
  readonly #rows: WholeRows;
  readonly #pairs: number;
  /** The units that vary. */
  readonly units: readonly number[];
  readonly #observed: readonly ExactT[];
  readonly #nulls: readonly (readonly ExactT[])[];
  readonly #exact: boolean;

  /** The labellings, or all of them. */
  constructor(rows: WholeRows, signs: Signs | "all") {
    this.#rows = rows;
    this.#pairs = rows.length;
    this.units = Array.from({ length: rows[0]?.length ?? 0 }, (_, unit) => unit).filter((unit) =>
      rows.some((row) => row[unit] !== rows[0]?.[unit]),
    );
    this.#exact = signs === "all";
    const labellings =
      signs === "all"
        ? Array.from({ length: 2 ** (rows.length - 1) }, (_, labelling) =>
            rows.map((__, pair) => ((labelling >>> pair) & 1 ? -1 : 1)),
          )
        : signs;
    this.#observed = this.units.map((unit) => this.#t(unit, new Array<number>(rows.length).fill(1)));
    this.#nulls = labellings.map((labelling) => this.units.map((unit) => this.#t(unit, labelling)));
  }

  #t(unit: number, signs: readonly number[]): ExactT {
    let sum = 0n;
    let squares = 0n;
    for (const [pair, row] of this.#rows.entries()) {
      const value = BigInt(row[unit] ?? NaN);
      sum += value * BigInt(signs[pair] ?? NaN);
      squares += value * value;
    }
    return { squaredSum: sum * sum, squares };
  }

  /** Units whose |t| is greater than `over / of`, observed and under each labelling. */
  counts(over: number, of = 1): { observed: number; null: number[] } {
    const pairs = BigInt(this.#pairs);
    const [top, bottom] = [BigInt(over) ** 2n, BigInt(of) ** 2n];
    const count = (list: readonly ExactT[]): number =>
      list.filter(
        ({ squaredSum, squares }) =>
          (pairs - 1n) * squaredSum * bottom > top * (pairs * squares - squaredSum),
      ).length;
    return { observed: count(this.#observed), null: this.#nulls.map(count) };
  }

  /** Per unit, the share of labellings under which some unit is as strong as it; by rivals, if only these compete. */
  #p(own: ExactT, rivals: readonly number[]): number {
    const reaching = this.#nulls.filter((list) =>
      rivals.some((place) => {
        const rival = list[place];
        return rival !== undefined && !isLess(rival, own);
      }),
    ).length;
    return this.#exact ? reaching / this.#nulls.length : (reaching + 1) / (this.#nulls.length + 1);
  }

  /** Single-step max-T p of every unit that varies. */
  singleStep(): number[] {
    return this.#observed.map((own) => this.#p(own, [...this.units.keys()]));
  }

  /** Step-down max-T p of every unit that varies, by the definition: rivals are the units observed no stronger. */
  stepDown(): number[] {
    const against = this.#observed.map((own) =>
      this.#p(
        own,
        [...this.units.keys()].filter((place) => {
          const rival = this.#observed[place];
          return rival !== undefined && !isLess(own, rival);
        }),
      ),
    );
    return this.#observed.map((own) =>
      Math.max(
        ...against.filter((_, place) => {
          const other = this.#observed[place];
          return other !== undefined && !isLess(other, own);
        }),
      ),
    );
  }

  /** The share of labellings under which the greatest |t| reaches the observed one. */
  maximumP(): number {
    return Math.min(...this.singleStep());
  }

  /** Each unit's own share of labellings that reach it. */
  ownP(): number[] {
    return this.#observed.map((own, place) => this.#p(own, [place]));
  }
}

function isLess(left: ExactT, right: ExactT): boolean {
  return left.squaredSum * right.squares < right.squaredSum * left.squares;
}

/** The rows as a matrix of float64. */
export function wholeMatrix(rows: WholeRows): Matrix {
  return { data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
}
