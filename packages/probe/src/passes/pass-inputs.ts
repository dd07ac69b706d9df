import {
  drawNoise,
  scaleNoise,
  tokenGrid,
  type PackedLatents,
  type TransformerPass,
} from "@measure-plantain/flux-runtime";
import { promptImages, promptText } from "@measure-plantain/prompts";
import type { TextTokens } from "../captures/token-segments.ts";
import { ProbeError } from "../probe-error.ts";
import type { PassKey } from "../run-folder/pass-files.ts";
import { readEmbedding } from "./embed-prompts.ts";
import type { Conditions } from "./encode-conditions.ts";
import type { ProbeContext } from "./probe-context.ts";
import { listReplicates, seedOfPass } from "../settings/replicates.ts";

/** One pass of a run, and which of its text tokens are what. */
export interface ProbePass extends TransformerPass {
  readonly textTokens: TextTokens;
}

/** What the transformer is fed in one pass of a run. */
export type PassInputs = (key: PassKey) => Promise<ProbePass>;

/** Says what goes into each pass of a run: noise, images, prompt and timestep. */
export function createPassInputs(context: ProbeContext, { references, images }: Conditions): PassInputs {
  const { checkpoint, promptSet, settings } = context;
  const replicates = listReplicates(settings);
  const size = tokenGrid(checkpoint, settings);
  const noises = new Map<number, PackedLatents>();
  const noiseOf = (seed: number): PackedLatents => {
    const noise = noises.get(seed) ?? drawNoise(checkpoint, { seed, size });
    if (settings.noise === "shared") noises.set(seed, noise); // the others are never asked for again
    return noise;
  };
  return async (key) => {
    const [pair, replicate] = [promptSet.pairs[key.pair], replicates[key.replicate]];
    if (pair === undefined || replicate === undefined) throw new RangeError("a pass beyond the settings");
    const side = key.condition === 0 ? pair.a : pair.b;
    const own = promptImages(side).flatMap((path) => images.get(path) ?? []);
    const fixed = replicate.reference === null ? undefined : references[replicate.reference];
    const conditions = own.length > 0 ? own : fixed === undefined ? [] : [fixed];
    const { embeds, ...textTokens } = await readEmbedding(context, promptText(side));
    const noise = noiseOf(seedOfPass(settings, replicate, key));
    return {
      latents: blend(noise, conditions[0], replicate.sigma),
      references: conditions,
      promptEmbeds: embeds,
      textTokens,
      timestep: 1_000 * replicate.sigma,
    };
  };
}

/** The latents at noise level σ: below 1 the noise lies over the first image that conditions the pass. */
function blend(noise: PackedLatents, image: PackedLatents | undefined, sigma: number): PackedLatents {
  if (sigma === 1) return noise;
  const [tokens, expected] = [image, noise].map(
    (latents) => `${latents?.size.height} × ${latents?.size.width}`,
  );
  if (image === undefined || tokens !== expected) {
    throw new ProbeError(
      "invalid-option",
      `A noise level below 1 lays the noise over the image that conditions a pass, which has ${image === undefined ? "none here" : `${tokens} tokens`} where ${expected} are made. Use images of the size that is made, or leave the option \`sigmas\` out.`,
    );
  }
  return { tokens: scaleNoise(image.tokens, noise.tokens, { sigma }), size: noise.size };
}
