import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import type { PackedLatents } from "./image-latents.ts";

/** What one pass through the transformer takes. */
export interface TransformerPass {
  /** The noisy tokens of the image that is made, batch 1. */
  readonly latents: PackedLatents;
  /** Reference images, in order. */
  readonly references?: readonly PackedLatents[];
  /** [1, S_text, joint_attention_dim]. */
  readonly promptEmbeds: Tensor;
  /** 0 … 1000; it reaches the model rounded to the type it computes in, as the reference rounds it. */
  readonly timestep: number;
  /** For inputs that a rewritten graph has beyond the transformer's own. */
  readonly extraInputs?: SessionTensors;
}

/** How the tokens of a pass stand in the transformer's sequence: text, noise, references. */
export interface TokenLayout {
  /** Tokens of the prompt, padding included. */
  readonly text: number;
  /** Tokens of the image that is being made. */
  readonly noise: number;
  /** Tokens of all reference images together. */
  readonly reference: number;
}

/** The lengths of the three token segments of a pass. */
export function tokenLayout({ latents, references = [], promptEmbeds }: TransformerPass): TokenLayout {
  const reference = references.reduce((sum, { size }) => sum + size.height * size.width, 0);
  return { text: promptEmbeds.shape[1] ?? 0, noise: latents.size.height * latents.size.width, reference };
}

/**
 * Checks that each pass fits the checkpoint, and that all are of one layout.
 *
 * @returns The first pass, which stands for the layout of all.
 * @throws {FluxRuntimeError} `invalid-argument` where a size is not of positive integers, a shape is another than the
 * checkpoint asks for, data do not fit their shape, a timestep is no finite number, or the layouts differ.
 */
export function checkPasses(passes: readonly TransformerPass[], checkpoint: Checkpoint): TransformerPass {
  for (const pass of passes) checkPass(pass, checkpoint);
  const [first] = passes;
  const layouts = [...new Set(passes.map(layoutKey))];
  if (first !== undefined && layouts.length === 1) return first;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The passes of a batch must have one layout (text length, noise and reference sizes), but have ${layouts.join(" and ") || "none"}. Run them in batches of their own.`,
    { layouts },
  );
}

/** Everything that the rotary caches depend on. */
export function layoutKey(pass: TransformerPass): string {
  const sizes = [pass.latents, ...(pass.references ?? [])].map(({ size }) => `${size.height}x${size.width}`);
  return [tokenLayout(pass).text, ...sizes].join(" ");
}

function checkPass(
  { latents, references = [], promptEmbeds, timestep }: TransformerPass,
  checkpoint: Checkpoint,
): void {
  for (const packed of [latents, ...references]) checkLatents(packed, checkpoint);
  checkPromptEmbeds(promptEmbeds, checkpoint);
  if (!Number.isFinite(timestep)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The timestep must be a finite number, 0 to 1000, but is ${timestep}. Take it from a schedule, or 1000 for pure noise.`,
      { timestep },
    );
  }
}

/** Checks that latents fit the checkpoint. @throws {FluxRuntimeError} `invalid-argument` as {@link checkPasses}. */
export function checkLatents({ tokens, size }: PackedLatents, checkpoint: Checkpoint): void {
  const { height, width } = size;
  if (![height, width].every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `A grid of tokens must have positive integers as its sides, but is ${height} × ${width}. Take it from tokenGrid or encodeImages.`,
      { size },
    );
  }
  const expected = [1, height * width, checkpoint.transformer.config.in_channels];
  if (tokens.shape.join() !== expected.join()) throw shapeError("latent tokens", expected, tokens.shape);
  requireTensor("latent tokens", tokens);
}

/** Checks that embeddings fit the checkpoint. @throws {FluxRuntimeError} `invalid-argument` as {@link checkPasses}. */
export function checkPromptEmbeds(promptEmbeds: Tensor, checkpoint: Checkpoint): void {
  const { joint_attention_dim } = checkpoint.transformer.config;
  const [batch, , width] = promptEmbeds.shape;
  if (promptEmbeds.shape.length !== 3 || batch !== 1 || width !== joint_attention_dim) {
    throw shapeError("prompt embeddings", [1, "S", joint_attention_dim], promptEmbeds.shape);
  }
  requireTensor("prompt embeddings", promptEmbeds);
}

function shapeError(
  what: string,
  expected: readonly (number | string)[],
  received: readonly number[],
): FluxRuntimeError {
  return new FluxRuntimeError(
    "invalid-argument",
    `The ${what} must have the shape [${expected.join(", ")}], but have [${received.join(", ")}]. Make them with the same checkpoint.`,
    { expected, received },
  );
}
