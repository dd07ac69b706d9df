import {
  chooseComputeType,
  chooseDevice,
  chooseWeights,
  type ComputeType,
  type DeviceName,
  tokenGrid,
} from "@measure-plantain/flux-runtime";
import { promptImages, promptText } from "@measure-plantain/prompts";
import { mkdir, rm } from "node:fs/promises";
import type { AblationGranularity } from "../ablation/ablation.ts";
import { ProbeError } from "../probe-error.ts";
import { createReporter, type ProgressOptions } from "../reporter.ts";
import { itemAt } from "../reading.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { readCaptures } from "../run-folder/read-captures.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import { chooseSteeredSets } from "./choose-steered-sets.ts";
import { findRendered } from "./find-rendered.ts";
import { listImages } from "./list-images.ts";
import { renderSteered } from "./render-steered.ts";
import { readSteering } from "./steering-file.ts";
import {
  type SteeredImage,
  type Steering,
  STEERING_FILE,
  STEERING_FOLDER,
  type SteeringSettings,
} from "./steering.ts";

/** What is steered; what is left out has its default. */
export interface SteerOptions extends ProgressOptions {
  /**
   * `top:N` for the strongest units by |t|, which brings as many of the weakest and matched random sets for comparison; `bottom:N`
   * or `random:N` for those alone; or addresses of units or heads, which make one set. By default `top:10`.
   */
  readonly units?: readonly string[];
  /** What a unit is; by default a group. */
  readonly granularity?: AblationGranularity;
  /** By what units are multiplied; by default 0 and 2. The unsteered image, as of 1, is always made. */
  readonly scale?: readonly number[];
  /** How many matched random sets each set is compared with; by default 1. */
  readonly random?: number;
  /** What is rendered; by default both sides of some of the run's pairs. */
  readonly prompt?: readonly string[];
  /** How many of the run's pairs are rendered, evenly spaced, if no prompt is given; by default 1. */
  readonly pairs?: number | undefined;
  /** Seeds of the initial noise; by default 0. */
  readonly seed?: readonly number[];
  /** Seed of the random sets; by default 0. */
  readonly setSeed?: number;
  /** Pixels; by default the run's. */
  readonly width?: number | undefined;
  /** Pixels; by default the run's. */
  readonly height?: number | undefined;
  /** Denoising steps; by default 14. */
  readonly steps?: number;
  /** Classifier-free guidance; by default 4. */
  readonly guidance?: number;
  /** Where the images are rendered; by default where the run's passes ran. */
  readonly device?: DeviceName | undefined;
  /** By default the run's, or that of another device. */
  readonly dtype?: ComputeType | undefined;
  /** By default the run's, or that of another device. */
  readonly weights?: "mapped" | "resident" | undefined;
  /** Threads within an operator; by default the run's. */
  readonly threads?: number | undefined;
  /** Ends the rendering; images that were done are kept. */
  readonly signal?: AbortSignal | undefined;
}

/** Units by default, in the manner of the command line. */
const DEFAULT_UNITS = ["top:10"];
/** Factors by default: without the units, and twice of what they give. */
const DEFAULT_SCALE = [0, 2];
/** As the fixed image of a run is rendered by default. */
const DEFAULT_STEPS = 14;
const DEFAULT_GUIDANCE = 4;
/** The stages of a steering: the prompts are encoded, and the images rendered. */
const STAGES = 2;

/**
 * Renders the same prompts and noise with units of a complete run scaled: its strongest by |t|, next to its weakest and matched
 * random sets. Writes the images into the run folder, and `steering.json` with how far each is from the unsteered one. The
 * run's fixed image takes no part.
 *
 * Images that are there are not rendered again, unless what they depend on has changed.
 *
 * Source: most relevant first against least relevant first is the "ordered weakening" of J. Park et al., "Cross-Attention Head
 * Position Patterns Can Align with Human Visual Concepts in Text-to-Image Generative Models", ICLR 2025, arXiv:2412.02237; heads as what
 * a guided generation is steered by: D. Ahn et al., "Fine-Grained Perturbation Guidance via Attention Head Selection", 2025,
 * arXiv:2506.10978.
 *
 * @param checkpoint - The run's, or how to get it once everything else is known to be right: see `findCheckpoint`.
 * @throws {ProbeError} `incomplete-run`, `changed-captures`; `invalid-option` for units that the run does not have.
 * @example
 * const run = await openRun("runs/otherview");
 * const { sets, images } = await steerRun(run, () => findCheckpoint(run), { units: ["top:10"], scale: [0, 2] });
 */
export async function steerRun(
  run: RunFolder,
  checkpoint: ProbedCheckpoint | (() => Promise<ProbedCheckpoint>),
  options: SteerOptions = {},
): Promise<Steering> {
  return run.whileLocked(async () => {
    const reporter = createReporter(options, STAGES);
    const manifest = await run.readManifest();
    const captures = await readCaptures(run, manifest);
    const settings = await listSettings(options, manifest);
    const sets = chooseSteeredSets(captures, settings);
    const planned = listImages(settings, sets, manifest.capturesSha256);
    const before = (await readSteering(run))?.images ?? [];
    const done = await findRendered(run, planned, before);

    const steering = (): Steering => ({
      schemaVersion: 1,
      capturesSha256: manifest.capturesSha256,
      settings,
      sets,
      images: planned.flatMap(({ file }) => done.get(file) ?? []),
    });
    /** From here on the folder holds this steering: what is no part of it is removed. */
    const begin = async (): Promise<void> => {
      await mkdir(run.file(STEERING_FOLDER), { recursive: true });
      await run.writeJson(STEERING_FILE, steering());
      const kept = new Set(planned.map(({ file }) => file));
      for (const { file } of before)
        if (!kept.has(file)) await rm(run.file(STEERING_FOLDER, file), { force: true });
    };
    const missing = planned.filter(({ file }) => !done.has(file));
    reporter.note(
      `${missing.length} of ${planned.length} images to render: ${sets.length} sets × ${settings.scale.length} factors and the unsteered one, for each prompt and seed.`,
    );
    if (missing.length === 0) await begin();
    else {
      const { device, why } = await chooseDevice(settings.rendering.device);
      reporter.note(`Device: ${device} (${why}).`);
      const { checkpoint: opened } = typeof checkpoint === "function" ? await checkpoint() : checkpoint;
      tokenGrid(opened, settings.rendering); // refuses a size before anything is changed
      await begin();
      await renderSteered({
        run,
        checkpoint: opened,
        probed: manifest.settings,
        settings,
        sets,
        missing,
        reporter,
        signal: options.signal,
        onRendered: async (image: SteeredImage) => {
          done.set(image.file, image);
          await run.writeJson(STEERING_FILE, steering());
        },
      });
    }
    return steering();
  });
}

/** What was asked for, as the file records it. */
async function listSettings(options: SteerOptions, manifest: Manifest): Promise<SteeringSettings> {
  const { settings: used } = manifest;
  const { units = DEFAULT_UNITS, granularity = "group", random = 1, setSeed = 0 } = options;
  const {
    scale = DEFAULT_SCALE,
    seed: seeds = [0],
    prompt: prompts = listPrompts(manifest, options.pairs),
  } = options;
  const device =
    options.device === "auto" ? (await chooseDevice("auto")).device : (options.device ?? used.device);
  const isRuns = device === used.device;
  requireSome("units", units);
  requireSome("prompt", prompts);
  requireSome("seed", seeds);
  if (scale.some((factor) => !Number.isFinite(factor)) || scale.every((factor) => factor === 1)) {
    throw new ProbeError(
      "invalid-option",
      `The option \`scale\` must be finite numbers, one of them other than 1, but is ${scale.join(", ") || "empty"}. Give 0 and 2, for example.`,
      { option: "scale" },
    );
  }
  return {
    granularity,
    units,
    random,
    setSeed,
    scale: [...new Set(scale)].filter((factor) => factor !== 1),
    prompts,
    seeds: [...new Set(seeds)],
    rendering: {
      width: options.width ?? used.width,
      height: options.height ?? used.height,
      steps: options.steps ?? DEFAULT_STEPS,
      guidance: options.guidance ?? DEFAULT_GUIDANCE,
      maxSequenceLength: used.maxSequenceLength,
      textEncoderLayers: used.textEncoderLayers,
      rotaryFrequencies: used.rotaryFrequencies,
      device,
      dtype: options.dtype ?? (isRuns ? used.dtype : chooseComputeType({ device })),
      weights: options.weights ?? (isRuns ? used.weights : chooseWeights({ device })),
      threads: options.threads ?? used.threads,
    },
  };
}

/** Both sides of so many of the run's pairs, evenly spaced. */
function listPrompts({ promptSet }: Manifest, wanted = 1): string[] {
  const { pairs } = promptSet;
  if (wanted > pairs.length || wanted < 1) {
    throw new ProbeError(
      "invalid-option",
      `The option \`pairs: ${wanted}\` must be from 1 to the run's ${pairs.length} pairs.`,
      { option: "pairs" },
    );
  }
  const sides = Array.from({ length: wanted }, (_, index) =>
    itemAt(pairs, Math.floor(((index + 0.5) * pairs.length) / wanted)),
  ).flatMap(({ a, b }) => [a, b]);
  if (sides.some((side) => promptImages(side).length > 0)) {
    throw new ProbeError(
      "invalid-option",
      "The run's prompts come with images, which take no part in steering. Name what is to be rendered with the option `prompt`.",
      { option: "prompt" },
    );
  }
  return [...new Set(sides.map(promptText))];
}

function requireSome(option: string, values: readonly unknown[]): void {
  if (values.length > 0) return;
  throw new ProbeError("invalid-option", `The option \`${option}\` is empty. Leave it out, or give one.`, {
    option,
  });
}
