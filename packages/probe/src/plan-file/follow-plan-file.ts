import type { SettingOptions } from "../settings/choose-settings.ts";
import { omit } from "./omit.ts";
import type { PlanFile } from "./plan-file.ts";

/**
 * The options by which `planProbe` chooses the settings that a plan has. What they cannot carry over, such as a prompt set whose
 * texts have changed, `runProbe` finds before it captures anything.
 *
 * @example
 * const stored = await readPlanFile("plan.json");
 * const probe = await planProbe(checkpoint, promptSet, { ...followPlanFile(stored.plan), device });
 * await runProbe(probe, "runs/planned", { plan: stored });
 */
export function followPlanFile({
  settings,
  sources,
}: Pick<PlanFile, "settings" | "sources">): SettingOptions {
  const chosen = omit(settings, ["checkpoint", "promptSet", "references", "steps", "guidance", "groupSize"]);
  const fullHash = settings.checkpoint.files.some(({ sha256 }) => sha256 !== undefined);
  return { ...chosen, ...sources.references, fullHash };
}
