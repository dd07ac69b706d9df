import type { ProbeSettings } from "./settings.ts";
import { formatShard } from "./shard.ts";

/** The command that captures the same numbers again; files that a run was given are named by what they hold. */
export function formatCommandLine(settings: ProbeSettings): string {
  const { checkpoint, promptSet, reference, taps } = settings;
  const options: readonly (readonly [string, string | number | null])[] = [
    ["--checkpoint", checkpoint.id],
    ["--prompts", promptSet.name],
    ["--reference", reference?.kind === "file" ? "reference.png" : null],
    ["--reference-seed", reference?.kind === "generated" ? reference.seed : null],
    ["--reference-steps", reference?.kind === "generated" ? reference.steps : null],
    ["--reference-guidance", reference?.kind === "generated" ? reference.guidance : null],
    ["--seed", settings.noiseSeed],
    ["--width", settings.width],
    ["--height", settings.height],
    ["--max-sequence-length", settings.maxSequenceLength],
    ["--tap", taps.length > 0 ? taps.join(" ") : null],
    ["--segments", settings.segments ? "" : null],
    ["--rope-frequencies", settings.rotaryFrequencies],
    ["--device", settings.device],
    ["--dtype", settings.dtype],
    ["--weights", settings.weights],
    ["--batch", settings.batch],
    ["--shard", settings.shard === undefined ? null : formatShard(settings.shard)],
  ];
  const shown = options.flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`.trim()]));
  return `npx measure-plantain run ${shown.join(" ")}`;
}
