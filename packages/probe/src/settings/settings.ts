import type {
  CheckpointSource,
  ComputeType,
  Device,
  RotaryFrequencies,
} from "@measure-plantain/flux-runtime";
import { promptImages, promptText, type PromptSet, type PromptSide } from "@measure-plantain/prompts";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ProbeError } from "../probe-error.ts";
import { sha256 } from "../sha256.ts";
import type { FileFingerprint } from "./fingerprint-checkpoint.ts";
import type { OptionalTap } from "../captures/plan-taps.ts";
import type { CheckpointChange } from "./probed-checkpoint.ts";
import type { NuisanceSettings } from "./replicates.ts";
import type { Shard } from "./shard.ts";

/**
 * Everything that the captured numbers depend on. Two runs of equal settings capture the same bytes; a run folder is
 * continued only under the settings that it was begun with.
 */
export interface ProbeSettings extends NuisanceSettings {
  /** The weights, by what the files' headers and small files hold. */
  readonly checkpoint: {
    readonly id: string;
    /** What it was put together from, if models or adapters were given as files of their own. */
    readonly source?: CheckpointSource;
    /** What was changed in another checkpoint to make this one. */
    readonly change?: CheckpointChange;
    readonly files: readonly FileFingerprint[];
  };
  /** The prompts; `sha256` is over what is asked of the model. */
  readonly promptSet: {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly pairs: number;
  };
  /** The fixed images; a prompt set may have none. */
  readonly references: readonly ReferenceSettings[];
  /** Which of the pairs are captured; all of them if omitted. */
  readonly shard?: Shard;
  /** Of the image, in pixels. */
  readonly width: number;
  /** Of the image, in pixels. */
  readonly height: number;
  /** Text tokens, padding included. */
  readonly maxSequenceLength: number;
  /** Forward passes for each prompt and repetition. */
  readonly steps: 1;
  /** 1: no guidance, so that a pass is one forward pass. */
  readonly guidance: 1;
  /** Channels in a group. */
  readonly groupSize: number;
  /** `signed`: the mean of every channel over the tokens as well, which keeps the sign that a mean square drops. */
  readonly capture: CaptureKind;
  /** What is captured beyond the projections of the published probe. */
  readonly taps: readonly OptionalTap[];
  /** Whether the tokens of each segment (template, prompt, padding, noise, reference) are captured apart, too. */
  readonly segments: boolean;
  /** Of the text encoder: those whose hidden states are stacked into an embedding, in this order, from 1 on. */
  readonly textEncoderLayers: readonly number[];
  /** Of the text encoder: exact, or rounded as by a cast of the whole model. */
  readonly rotaryFrequencies: RotaryFrequencies;
  /** Where the passes run. */
  readonly device: Device;
  /** Of the arithmetic. */
  readonly dtype: ComputeType;
  /** `mapped`: left in their files; `resident`: converted copies in memory. */
  readonly weights: "mapped" | "resident";
  /** Passes that are run together; sums are rounded differently in batches of another size. */
  readonly batch: number;
  /** Threads within an operator, which decide the order of sums; null is ONNX Runtime's own choice, all physical cores. */
  readonly threads: number | null;
}

/** What is captured at each tapped projection: mean squares, and with `signed` also the mean of every channel. */
export const captureKinds = ["mean-square", "signed"] as const;
/** One of {@link captureKinds}. */
export type CaptureKind = (typeof captureKinds)[number];

/** Where a fixed image comes from. */
export type ReferenceSettings =
  | { readonly kind: "file"; readonly sha256: string }
  | {
      readonly kind: "generated";
      readonly prompt: string;
      readonly seed: number;
      readonly steps: number;
      readonly guidance: number;
      readonly width: number;
      readonly height: number;
    };

/**
 * A hash over what is asked of the model: the texts and the images' bytes, not the paths that led to them.
 *
 * @throws {ProbeError} for an image that cannot be read.
 */
export async function hashPromptSet(set: PromptSet): Promise<string> {
  const side = async (promptSide: PromptSide): Promise<unknown> => ({
    prompt: promptText(promptSide),
    images: await Promise.all(
      promptImages(promptSide).map(async (path) => sha256(await readImageFile(path))),
    ),
  });
  const pairs = await Promise.all(
    set.pairs.map(async ({ id, a, b, grade }) => ({ id, a: await side(a), b: await side(b), grade })),
  );
  return sha256(JSON.stringify({ name: set.name, version: set.version, labels: set.labels, pairs }));
}

async function readImageFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProbeError(
      "invalid-file",
      `The image ${path}, which the prompt set names, cannot be read (${reason}). Correct the path in the set; it is relative to the set's file.`,
      { cause },
    );
  });
}

/**
 * Settings with one spelling for a checkpoint folder, to be compared: absolute, and without a slash at the end.
 *
 * What was made from another checkpoint is named by that one and the change, what was put together by its parts.
 */
export function withPlainCheckpoint<Settings extends Pick<ProbeSettings, "checkpoint">>(
  settings: Settings,
): Settings {
  const { id, source, change, ...rest } = settings.checkpoint;
  const of = source === undefined ? plainId(change?.of ?? id) : "";
  const checkpoint = {
    id: change === undefined ? of : "",
    ...(source && { source: plainSource(source) }),
    ...(change && { change: { ...change, of } }),
    ...rest,
  };
  return { ...settings, checkpoint };
}

function plainSource({ loras, ...source }: CheckpointSource): CheckpointSource {
  const plain = Object.entries(source).map(
    ([part, path = ""]: [string, string | undefined]) => [part, plainId(path)] as const,
  );
  return {
    ...source,
    ...Object.fromEntries(plain),
    ...(loras && { loras: loras.map(({ file, scale = 1 }) => ({ file: plainId(file), scale })) }),
  };
}

function plainId(id: string): string {
  return existsSync(id) ? resolve(id) : id;
}

/** One setting in which two records differ. */
export interface SettingDifference {
  /** Dotted, as `references.0.seed`. */
  readonly path: string;
  /** Its value in the first record, as JSON that is cut to a line; `nothing` if it is not there. */
  readonly before: string;
  /** Its value in the second record, likewise. */
  readonly now: string;
}

/** The settings in which two records differ. */
export function listDifferences(before: unknown, now: unknown, path = ""): SettingDifference[] {
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return keys.flatMap((key) => listDifferences(before[key], now[key], path ? `${path}.${key}` : key));
  }
  const [left, right] = [JSON.stringify(before), JSON.stringify(now)];
  return left === right ? [] : [{ path, before: shorten(left), now: shorten(right) }];
}

/** The same as lines for people. */
export function differingSettings(before: unknown, now: unknown): string[] {
  return listDifferences(before, now).map(
    (difference) => `${difference.path}: ${difference.before} there, ${difference.now} now`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function shorten(json: string | undefined): string {
  const text = json ?? "nothing";
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}
