/** What the program below prints. */
export interface Printed {
  /** Whether a model ran, in check mode. */
  readonly device?: unknown;
  /** The shape of the image, and its first numbers, in generate mode. */
  readonly image?: { readonly shape: readonly number[]; readonly pixels: readonly number[] };
  /** The p of the largest |t|. */
  readonly p: number;
}

/**
 * A program that runs models and computes a sign-flip null in two threads. `generate FOLDER` makes an image with the checkpoint of a
 * folder; `check [HOST]` runs a model of one node, with the host of sessions as an option if it is given.
 */
export const PROGRAM: string = `
import * as flux from "@measure-plantain/flux-runtime";
import { signFlipNull } from "@measure-plantain/paired-stats";

async function main([mode, argument]) {
  const data = Float32Array.from({ length: 12 * 64 }, (_, index) => Math.sin(index * index) + 0.2);
  const { maximum } = await signFlipNull({ data, shape: [12, 64] }, { flips: 20_000, threads: 2 });
  const result = mode === "generate" ? { image: await makeImage(argument) } : { device: await check(argument) };
  console.log(JSON.stringify({ ...result, p: maximum.p }));
}

const check = (sessionHost) => flux.checkDevice("cpu", { sessionHost });

async function makeImage(folder) {
  const checkpoint = await flux.openCheckpoint(folder);
  const { image } = await flux.generate(checkpoint, {
    prompt: "a grey object",
    ...{ steps: 1, guidance: 1, seed: 0, width: 32, height: 32, maxSequenceLength: 32 },
    textEncoderLayers: [1, 2, 3],
  });
  return { shape: image.shape, pixels: [...image.data.subarray(0, 4)] };
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;
