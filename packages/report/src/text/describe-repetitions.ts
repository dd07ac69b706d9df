import type { FactorLeftOutSummary, RandomFactorsSummary } from "../summary/repetitions-summary.ts";
import { formatCount, formatMeanCount, formatP, formatShare } from "./format-number.ts";

/** Below as many images or noises, the variance between them is estimated so poorly that the test of new ones is too lenient. */
const FEW_LEVELS = 4;

/** What is random besides the pairs, as `2 fixed images and 4 noise seeds`. */
export function nameFactors({ factors }: Pick<RandomFactorsSummary, "factors">): string {
  return factors
    .map(
      ({ name, levels }) => `${formatCount(levels)} ${name === "reference" ? "fixed images" : "noise seeds"}`,
    )
    .join(" and ");
}

/** The same without their numbers, as `fixed images and noises`. */
export function nameKinds({ factors }: Pick<RandomFactorsSummary, "factors">): string {
  return factors.map(({ name }) => (name === "reference" ? "fixed images" : "noises")).join(" and ");
}

/** Where the variance of the groups' differences lies, in one sentence. */
export function describeComponents({ components, testedUnits }: RandomFactorsSummary): string {
  const shares = components.map(({ name, share, truncatedUnits }) => {
    const truncated =
      truncatedUnits === 0 ? "" : `, estimated below 0 and taken as 0 for ${formatCount(truncatedUnits)}`;
    return `${name} ${formatShare(share)}${truncated}`;
  });
  return `Mean share of the variance over ${formatCount(testedUnits)} groups: ${shares.join("; ")}.`;
}

/** How many groups stay improbable over new images and noises, one sentence for each threshold. */
export function describeRandom({
  thresholds,
  falseDiscovery,
  alpha,
  ...random
}: RandomFactorsSummary): string[] {
  const counts = thresholds.map(
    ({ threshold, p, averaged, random: kept, byChance }) =>
      `As improbable as |t| > ${threshold} (p < ${formatP(p)}): ${countGroups(averaged)} over new pairs, ` +
      `${formatCount(kept)} over new pairs, ${nameKinds(random)} (by chance ` +
      `${formatMeanCount(byChance)}).`,
  );
  return [
    ...counts,
    `At a false discovery rate of ${alpha}: ${formatCount(falseDiscovery.averaged)} and ` +
      `${formatCount(falseDiscovery.random)}.`,
    ...describeFewLevels(random),
  ];
}

/** That few images or noises make the test of new ones too lenient; nothing for enough of them. */
export function describeFewLevels({ factors }: Pick<RandomFactorsSummary, "factors">): string[] {
  const few = factors.filter(({ levels }) => levels < FEW_LEVELS);
  if (few.length === 0) return [];
  return [
    `${nameFactors({ factors: few })} are few: the variance between them is estimated poorly, and if they differ much, p ` +
      `over new ones is too small (take ${FEW_LEVELS} or more).`,
  ];
}

/** How many of the groups over each threshold depend on no single image, or no single noise. */
export function describeSurvivors({ factor, levels, survivors }: FactorLeftOutSummary): string[] {
  const named = factor === "reference" ? "fixed image" : "noise seed";
  return survivors.map(({ threshold, over, inEveryLevel, withAnyLevelOut }) => {
    if (over === 0) return `No group is over |t| = ${threshold} in the mean.`;
    const share = (count: number): string => ` (${formatShare(count / over)})`;
    return (
      `Of ${countGroups(over)} over |t| = ${threshold} in the mean, ${formatCount(inEveryLevel)}` +
      `${share(inEveryLevel)} are over it in each of the ${formatCount(levels.length)} ${named}s alone, and ` +
      `${formatCount(withAnyLevelOut)}${share(withAnyLevelOut)} whichever ${named} is left out.`
    );
  });
}

function countGroups(count: number): string {
  return count === 1 ? "1 group" : `${formatCount(count)} groups`;
}
