import type { RandomFactorsSummary } from "../summary/repetitions-summary.ts";
import type { Conclusions, Summary } from "../summary/summary.ts";
import { describeFewLevels, nameFactors, nameKinds } from "../text/describe-repetitions.ts";
import { formatCount } from "../text/format-number.ts";

/** Says whether the results extend to other fixed images and noises than those that were run. */
export function concludeFromRepetitions({ repetitions }: Pick<Summary, "repetitions">): Conclusions {
  if (repetitions === null) return { may: [], mayNot: [] };
  const { references, random } = repetitions;
  const ofRandom = random === null ? { may: [], mayNot: [] } : concludeFromRandom(random);
  return {
    may: ofRandom.may,
    mayNot: [
      ...ofRandom.mayNot,
      ...(references === 1
        ? [
            "Every pass was conditioned on the same fixed image: the results hold for that image. Whether they hold for " +
              "others takes a run with several.",
          ]
        : []),
    ],
  };
}

function concludeFromRandom(random: RandomFactorsSummary): Conclusions {
  const { averaged, random: kept } = random.falseDiscovery;
  const counts =
    `with ${nameFactors(random)} taken as random, ${formatCount(kept)} of ${formatCount(random.testedUnits)} groups ` +
    `respond at a false discovery rate of ${random.alpha}, and ${formatCount(averaged)} with these as given`;
  const few = describeFewLevels(random);
  if (kept === 0)
    return {
      may: [],
      mayNot: [
        `That the responses extend to other ${nameKinds(random)} than these is not shown: ${counts}.`,
        ...few,
      ],
    };
  return {
    may: [`The responses extend to other ${nameKinds(random)} of the kind that was run: ${counts}.`],
    mayNot: few,
  };
}
