import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import { createFlowMatchSchedule, type FlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import { requireGuidance } from "../sampling/guide-velocity.ts";
import type { LatentSize } from "../sampling/latent-layout.ts";
import type { Tensor } from "../tensor.ts";
import { drawNoise, drawNoises } from "./draw-noise.ts";
import type { PipelineGenerateOptions } from "./generation-options.ts";
import { takesGuidance } from "./generation-prompts.ts";
import { pixelsPerToken, requireImages, type PackedLatents } from "./image-latents.ts";
import { tokenGrid } from "./token-grid.ts";
import { checkLatents, checkPromptEmbeds } from "./transformer-pass.ts";

/** The reference's `num_inference_steps`, `guidance_scale`, and sides in pixels. */
const DEFAULTS = { steps: 50, guidance: 4, side: 1_024 };

/** A prompt that is to be encoded, or an embedding. */
export type PromptSource = string | Tensor;

/** Images to be made, everything checked and no model opened. */
export interface GenerationPlan {
  /** One for each image. */
  readonly prompts: readonly PromptSource[];
  /** What guidance leads away from, or `null` if it takes no effect. */
  readonly negative: PromptSource | null;
  readonly images: readonly Tensor[];
  readonly guidance: number;
  readonly schedule: FlowMatchSchedule;
  /** What each image starts from, all of one size. */
  readonly latents: readonly PackedLatents[];
  /** Images in one pass. */
  readonly batch: number;
}

/**
 * Checks what is asked for, fills in the reference's defaults, and draws the noise.
 *
 * @throws {FluxRuntimeError} `invalid-argument` for options that contradict each other or that cannot be computed with.
 */
export function planGeneration(checkpoint: Checkpoint, options: PipelineGenerateOptions): GenerationPlan {
  const { images = [], steps = DEFAULTS.steps, sigmas, guidance = DEFAULTS.guidance, batch = 1 } = options;
  const prompts = listPrompts(checkpoint, options);
  requireGuidance(guidance);
  const negative = chooseNegative(checkpoint, { ...options, guidance });
  requireImages(checkpoint, images);
  const size = chooseSize(checkpoint, options);
  const schedule = createFlowMatchSchedule(checkpoint.scheduler, {
    imageSequenceLength: size.height * size.width,
    steps,
    sigmas,
  });
  const latents = startLatents(checkpoint, { ...options, size, count: prompts.length });
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw contradiction(
      "batch",
      `must be a positive integer, but is ${batch}. Give 1 for one image at a time.`,
    );
  return { prompts, negative, images, guidance, schedule, latents, batch };
}

function listPrompts(
  checkpoint: Checkpoint,
  { prompt, promptEmbeds }: PipelineGenerateOptions,
): readonly PromptSource[] {
  if (prompt !== undefined && promptEmbeds !== undefined)
    throw contradiction("promptEmbeds", "stands in the place of `prompt`, but both are given. Give one.");
  if (promptEmbeds !== undefined)
    for (const embeds of listOf(promptEmbeds)) checkPromptEmbeds(embeds, checkpoint);
  const prompts: readonly PromptSource[] = listOf<PromptSource>(prompt ?? promptEmbeds ?? []);
  if (prompts.length > 0) return prompts;
  throw contradiction("prompt", "names nothing to render. Give a prompt, a list of them, or `promptEmbeds`.");
}

function chooseNegative(
  checkpoint: Checkpoint,
  { guidance, negativePrompt, negativePromptEmbeds }: PipelineGenerateOptions & { readonly guidance: number },
): PromptSource | null {
  const name = negativePrompt === undefined ? "negativePromptEmbeds" : "negativePrompt";
  const given = negativePrompt ?? negativePromptEmbeds;
  if (negativePrompt !== undefined && negativePromptEmbeds !== undefined)
    throw contradiction(
      "negativePromptEmbeds",
      "stands in the place of `negativePrompt`, but both are given. Give one.",
    );
  if (negativePromptEmbeds !== undefined) checkPromptEmbeds(negativePromptEmbeds, checkpoint);
  if (takesGuidance(checkpoint, guidance)) return given ?? "";
  if (given === undefined) return null;
  const reason = checkpoint.isDistilled ? "a distilled model takes none" : `\`guidance\` is ${guidance}`;
  throw contradiction(
    name,
    `takes effect only with guidance, but ${reason}. Leave it out${checkpoint.isDistilled ? "" : ", or give a guidance above 1"}.`,
  );
}

/** Width and height as the reference chooses them: what is asked for, else of the first image, else its default. */
function chooseSize(
  checkpoint: Checkpoint,
  { width, height, images = [], latents }: PipelineGenerateOptions,
): LatentSize {
  const multiple = pixelsPerToken(checkpoint);
  const [start] = latents === undefined ? [] : listOf(latents);
  const [imageHeight, imageWidth] = images[0]?.shape.slice(2) ?? [];
  const given = start && { height: start.size.height * multiple, width: start.size.width * multiple };
  return tokenGrid(checkpoint, {
    width: width ?? given?.width ?? imageWidth ?? DEFAULTS.side,
    height: height ?? given?.height ?? imageHeight ?? DEFAULTS.side,
  });
}

function startLatents(
  checkpoint: Checkpoint,
  {
    seed,
    latents,
    size,
    count,
  }: PipelineGenerateOptions & { readonly size: LatentSize; readonly count: number },
): readonly PackedLatents[] {
  if (latents === undefined) {
    if (typeof seed === "object") {
      requireCount("seed", seed.length, count);
      return seed.map((own) => drawNoise(checkpoint, { seed: own, size }));
    }
    return drawNoises(checkpoint, { seed: seed ?? 0, size, count });
  }
  if (seed !== undefined)
    throw contradiction(
      "latents",
      "are what the images start from, so that a `seed` takes no effect. Give one.",
    );
  const starts = listOf(latents);
  requireCount("latents", starts.length, count);
  for (const start of starts) {
    checkLatents(start, checkpoint);
    if (start.size.height === size.height && start.size.width === size.width) continue;
    throw contradiction(
      "latents",
      `must be a grid of ${size.height} × ${size.width} tokens for this width and height, but are ${start.size.height} × ${start.size.width}. Leave width and height out, or make latents of that size.`,
    );
  }
  return starts;
}

function requireCount(option: string, received: number, expected: number): void {
  if (received === expected) return;
  throw contradiction(
    option,
    `must have one entry for each of ${expected} prompts, but has ${received}. Make both lists of one length.`,
  );
}

/** One thing, or a list of them, as a list. */
function listOf<Item>(items: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(items) ? (items as readonly Item[]) : [items as Item]; // Array.isArray does not narrow a readonly list
}

function contradiction(option: string, rest: string): FluxRuntimeError {
  return new FluxRuntimeError("invalid-argument", `The option \`${option}\` ${rest}`, { option });
}
