import {
  DEFAULT_MAX_SEQUENCE_LENGTH,
  chooseDevice,
  decodeToImage,
  generate,
  prepareConditionImage,
  readImage,
  tokenGrid,
  writePng,
  type ComputeType,
  type DeviceName,
  type Tensor,
} from "@measure-plantain/flux-runtime";
import { describeCutRenderPrompts, findCutRenderPrompts } from "@measure-plantain/probe";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { openGivenCheckpoint, type GivenCheckpoint } from "./open-given-checkpoint.ts";

export interface GenerateCommandOptions extends GivenCheckpoint {
  readonly prompt: string;
  readonly image: readonly string[];
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly width?: number;
  readonly height?: number;
  readonly maxSequenceLength?: number;
  readonly textEncoderLayers?: readonly number[];
  readonly ropeFrequencies: "float32" | "bfloat16";
  readonly device: DeviceName;
  readonly dtype?: ComputeType;
  readonly weights?: "mapped" | "resident";
  readonly threads?: number;
  readonly out: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Makes one image and writes it as PNG. */
export async function generateImage(options: GenerateCommandOptions, signal: AbortSignal): Promise<void> {
  const display = createDisplay(options);
  const { device, why } = await chooseDevice(options.device);
  display.note(`Device: ${device} (${why}).`);
  const { checkpoint } = await openGivenCheckpoint(options, { display, signal });
  const images: Tensor[] = [];
  for (const path of options.image) images.push(await prepareConditionImage(await readImage(path)));
  // As the pipeline: the size of the first image, unless another is asked for.
  const [firstHeight, firstWidth] = images[0]?.shape.slice(2) ?? [];
  const fallback = options.checkpoint === "tiny" ? 128 : 1_024;
  const size = {
    width: options.width ?? firstWidth ?? fallback,
    height: options.height ?? firstHeight ?? fallback,
  };
  tokenGrid(checkpoint, size);
  const { maxSequenceLength = DEFAULT_MAX_SEQUENCE_LENGTH } = options;
  const cut = await findCutRenderPrompts(checkpoint, [options], { maxSequenceLength });
  if (cut !== null) display.onNote({ kind: "warning", text: describeCutRenderPrompts(cut) });

  const began = performance.now();
  const { image } = await generate(checkpoint, {
    prompt: options.prompt,
    images,
    steps: options.steps,
    guidance: options.guidance,
    seed: options.seed,
    ...size,
    maxSequenceLength,
    ...(options.textEncoderLayers && { textEncoderLayers: options.textEncoderLayers }),
    rotaryFrequencies: options.ropeFrequencies,
    device,
    signal,
    onConvertWeights: display.onProgress,
    ...(options.weights && { weights: options.weights }),
    ...(options.dtype !== undefined && { dtype: options.dtype }),
    ...(options.threads !== undefined && { threads: options.threads }),
    onProgress: (event) => {
      if (event.stage !== "denoise") return;
      const { step: done, steps: total } = event;
      const elapsedMs = performance.now() - began;
      display.onProgress({
        stage: "denoising",
        stageNumber: 1,
        stages: 1,
        done,
        total,
        unit: "steps",
        elapsedMs,
      });
    },
  });
  await writePng(options.out, await decodeToImage(image));
  writeResult(
    options.json ? `${JSON.stringify({ out: options.out, ...size, device })}\n` : `${options.out}\n`,
  );
}
