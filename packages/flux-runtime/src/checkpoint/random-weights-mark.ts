import type { Checkpoint } from "./checkpoint.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";

/** Stands in the header of every weight file that was drawn at random, and stays there when the file is edited or linked. */
export const RANDOM_WEIGHTS_MARK: Readonly<Record<string, string>> = { "measure-plantain.weights": "random" };

/** Whether a weight file of these models carries the mark. */
export async function hasRandomWeightsMark(
  components: readonly Pick<Checkpoint["transformer"], "weights">[],
): Promise<boolean> {
  const files = new Set(
    components.flatMap(({ weights }) => [...weights.tensors.values()].map(({ file }) => file)),
  );
  const headers = await Promise.all([...files].map(readSafetensorsHeader));
  return headers.some(({ metadata }) =>
    Object.entries(RANDOM_WEIGHTS_MARK).every(([key, value]) => metadata[key] === value),
  );
}
