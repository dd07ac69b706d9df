import type { WordCountsRecord } from "../audit/word-counts.ts";
import { referenceName } from "./prepare-references.ts";
import type { ProbeSettings } from "./settings.ts";
import { formatShard } from "./shard.ts";

/** The command that captures the same numbers again; files that a run was given are named by what they hold. */
export function formatCommandLine(settings: ProbeSettings, wordCounts?: WordCountsRecord): string {
  const { checkpoint, promptSet, references, noiseSeeds, sigmas, taps, threads } = settings;
  const [reference] = references;
  const generated = reference?.kind === "generated" ? reference : null;
  const options: readonly (readonly [string, string | number | null])[] = [
    ["--checkpoint", checkpoint.change?.of ?? checkpoint.id],
    [
      "--control",
      checkpoint.change === undefined ? null : `${checkpoint.change.kind}:${checkpoint.change.seed}`,
    ],
    ["--prompts", promptSet.name],
    ["--word-counts", wordCounts?.file ?? null],
    [
      "--reference",
      reference?.kind === "file"
        ? references.map((_, index) => `${referenceName(index)}.png`).join(" ")
        : null,
    ],
    ["--references", generated !== null && references.length > 1 ? references.length : null],
    ["--reference-seed", generated && generated.seed],
    ["--reference-steps", generated && generated.steps],
    ["--reference-guidance", generated && generated.guidance],
    ["--seed", noiseSeeds[0] ?? 0],
    ["--noise-seeds", noiseSeeds.length > 1 ? noiseSeeds.length : null],
    ["--independent-noise", settings.noise === "independent" ? "" : null],
    ["--sigmas", sigmas.join() === "1" ? null : sigmas.join(" ")],
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
    ["--threads", threads],
    ["--shard", settings.shard === undefined ? null : formatShard(settings.shard)],
  ];
  const shown = options.flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`.trim()]));
  return `npx measure-plantain run ${shown.join(" ")}`;
}
