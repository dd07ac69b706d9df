/** Which side of the pairs is the longer, over a set. */
export interface Direction {
  /** Pairs whose side a is the longer. */
  readonly aLonger: number;
  /** Pairs whose side b is the longer. */
  readonly bLonger: number;
  /** Pairs whose sides are equally long. */
  readonly equal: number;
  /** Mean of b − a over all pairs. */
  readonly meanDifference: number;
  /** (bLonger − aLonger) / pairs: −1 where a is always the longer, 1 where b is, 0 where neither leads. */
  readonly imbalance: number;
  /** Whether the imbalance is beyond ±0.5: length would be a usable guess of the condition. */
  readonly isOneSided: boolean;
}

/** Half of the set's pairs in excess on one side. */
const MAX_IMBALANCE = 0.5;

/** Summarises the differences b − a of one count over the pairs of a set (at least one). */
export function measureDirection(differences: readonly number[]): Direction {
  const aLonger = differences.filter((difference) => difference < 0).length;
  const bLonger = differences.filter((difference) => difference > 0).length;
  const sum = differences.reduce((total, difference) => total + difference, 0);
  const imbalance = (bLonger - aLonger) / differences.length;
  return {
    aLonger,
    bLonger,
    equal: differences.length - aLonger - bLonger,
    meanDifference: sum / differences.length,
    imbalance,
    isOneSided: Math.abs(imbalance) > MAX_IMBALANCE,
  };
}
