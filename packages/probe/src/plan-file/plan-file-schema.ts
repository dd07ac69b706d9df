import { z } from "zod";
import type { GranularityName } from "../captures/granularities.ts";
import { optionalTaps } from "../captures/plan-taps.ts";
import { captureKinds } from "../settings/settings.ts";
import type { CheckpointChange } from "../settings/probed-checkpoint.ts";
import {
  freeSettings,
  type Criterion,
  type PlanFile,
  type PlannedControl,
  type PlannedSettings,
  type PlannedStatistics,
  type PlanSources,
} from "./plan-file.ts";

// Plan files come from other people: a limit each, so that none of them can exhaust memory.
const MAX_NAME_CHARACTERS = 1_024;
const MAX_TEXT_CHARACTERS = 8_192;
/** Far more images, noises, files or criteria than a run can have. */
const MAX_ENTRIES = 10_000;

const name = z.string().min(1).max(MAX_NAME_CHARACTERS);
const text = z.string().min(1).max(MAX_TEXT_CHARACTERS);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256: 64 digits from 0 to f");
const wholeNumber = z.int().nonnegative();
const positive = z.int().positive();
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).max(MAX_ENTRIES);

const kind = z.enum(["random-weights", "planted", "base"]);
const plant = z.enum(["axis", "object", "wording"]);
const change = z.strictObject({
  kind,
  plant: plant.exactOptional(),
  seed: wholeNumber,
  of: name,
}) satisfies z.ZodType<CheckpointChange>;

const components = {
  transformer: name.exactOptional(),
  textEncoder: name.exactOptional(),
  autoencoder: name.exactOptional(),
  loras: list(z.strictObject({ file: name, scale: z.number().exactOptional() })).exactOptional(),
};

const fingerprint = z.strictObject({
  file: name,
  bytes: wholeNumber,
  headerSha256: sha256,
  sha256: sha256.exactOptional(),
});

const reference = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), sha256 }),
  z.strictObject({
    kind: z.literal("generated"),
    prompt: text,
    seed: wholeNumber,
    steps: positive,
    guidance: z.number(),
    width: positive,
    height: positive,
  }),
]);

const settings = z.strictObject({
  checkpoint: z.strictObject({
    id: name,
    source: z.strictObject({ checkpoint: name, ...components }).exactOptional(),
    change: change.exactOptional(),
    files: list(fingerprint),
  }),
  promptSet: z.strictObject({ name, version: name, sha256, pairs: positive }),
  references: list(reference),
  noiseSeeds: list(wholeNumber).min(1),
  noise: z.enum(["shared", "independent"]),
  sigmas: list(z.number().positive().max(1)).min(1),
  width: positive,
  height: positive,
  maxSequenceLength: positive,
  steps: z.literal(1),
  guidance: z.literal(1),
  groupSize: positive,
  taps: list(z.enum(optionalTaps)),
  capture: z.enum(captureKinds),
  segments: z.boolean(),
  textEncoderLayers: list(wholeNumber),
  rotaryFrequencies: z.enum(["float32", "bfloat16"]),
}) satisfies z.ZodType<PlannedSettings>;

const threshold = z.number().nonnegative();
const alpha = z.number().gt(0).lt(1);
const granularity = z.enum(["group", "head", "mlp", "to_add_out"]) satisfies z.ZodType<GranularityName>;

const statistics = z.strictObject({
  thresholds: list(threshold).min(1),
  flips: z.union([positive, z.literal("exact")]),
  seed: wholeNumber,
}) satisfies z.ZodType<PlannedStatistics>;

const control = z.strictObject({
  name,
  promptSetSha256: sha256,
  change: z.strictObject({ kind, seed: wholeNumber }).exactOptional(),
}) satisfies z.ZodType<PlannedControl>;

const criterion = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("count"), granularity, threshold, above: z.literal("null-p99") }),
  z.strictObject({ kind: z.literal("family-wise"), granularity, alpha }),
  z.strictObject({
    kind: z.literal("control-difference"),
    control: name,
    granularity,
    threshold,
    alpha,
  }),
  z.strictObject({ kind: z.literal("control-count"), control: name, granularity, threshold }),
]) satisfies z.ZodType<Criterion>;

const sources = z.strictObject({
  checkpoint: name,
  ...components,
  prompts: name,
  controls: list(name),
  references: z.strictObject({
    referenceFiles: list(name).exactOptional(),
    referenceCount: positive.exactOptional(),
    referenceSeed: wholeNumber.exactOptional(),
    referenceSteps: positive.exactOptional(),
    referenceGuidance: z.number().exactOptional(),
  }),
  wordCounts: name.exactOptional(),
}) satisfies z.ZodType<PlanSources>;

const plan = z.strictObject({
  schemaVersion: z.literal(1),
  createdAt: z.iso.datetime(),
  packages: z.record(name, name),
  settings,
  free: list(z.enum(freeSettings)),
  statistics,
  controls: list(control),
  decision: z.strictObject({ criteria: list(criterion).min(1), text: list(text) }),
  sources,
});

/** `plan.json`, with criteria that name nothing but what the plan has. */
export const planFileSchema: z.ZodType<PlanFile> = plan.superRefine((value, context) => {
  const names = value.controls.map((planned) => planned.name);
  for (const [index, each] of names.entries()) {
    if (names.indexOf(each) < index)
      context.addIssue({
        code: "custom",
        path: ["controls", index, "name"],
        message: `the control ${each} is there twice`,
      });
  }
  for (const [index, each] of value.decision.criteria.entries()) {
    const refuse = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: ["decision", "criteria", index, key], message });
    };
    if ("control" in each && !names.includes(each.control))
      refuse("control", `expected one of the planned controls (${names.join(", ") || "none"})`);
    if ("threshold" in each && !value.statistics.thresholds.includes(each.threshold))
      refuse(
        "threshold",
        `expected one of the planned thresholds (${value.statistics.thresholds.join(", ")})`,
      );
    const { flips } = value.statistics;
    if (each.kind === "control-difference" && flips !== "exact" && each.alpha < 1 / (flips + 1))
      refuse("alpha", `expected ${1 / (flips + 1)} or more: ${flips} sign flips give no smaller p`);
    if (each.granularity === "to_add_out" && !value.settings.taps.includes("to_add_out"))
      refuse("granularity", "expected units that are captured; to_add_out is not among the planned taps");
  }
});
