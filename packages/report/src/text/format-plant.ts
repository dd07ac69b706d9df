import { formatT } from "./format-number.ts";
import type { PlantScore } from "../statistics/score-plant.ts";
import { valueAt } from "../reading.ts";

/** What was found of a planted effect, as one sentence. */
export function formatPlantScore({
  alpha,
  planted,
  decoys,
  found,
  others,
  othersInRun,
  decoysFound,
  absT,
  follows,
}: PlantScore): string {
  const followed =
    follows === null
      ? ""
      : ` Of the planted units ${follows.grade} follow the grade in all rows, ${follows.rows} in some rows only, ${follows.levels} the levels in another order, ${follows.none} none of these.`;
  const range = `|t| ${formatT(valueAt(absT, 0))} to ${formatT(valueAt(absT, absT.length - 1))}`;
  const known =
    othersInRun === null ? "" : `, ${othersInRun.length} of them in the run without the plant too`;
  return (
    `${found.length} of ${planted} planted units found at a family-wise error of ${alpha} (${range}); ` +
    `${decoysFound.length} of ${decoys} decoys; ${others.length} other units${others.length > 0 ? known : ""}.${followed}`
  );
}

/** What was found of planted effects, as a section of `summary.md`; nothing where none was planted. */
export function plantMarkdown(
  plants: readonly { readonly name: string; readonly score: PlantScore }[],
): string[] {
  if (plants.length === 0) return [];
  const lines = plants.map(({ name, score }) => `- ${name}: ${formatPlantScore(score)}`);
  return [`## Where the answer is known\n\n${lines.join("\n")}\n`];
}
