import { basename } from "node:path";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { isGgufFile } from "../gguf/convert-gguf.ts";
import { isWeightFile, openComponentWeights } from "../checkpoint/component-weights.ts";
import { findKnownShape, measureTransformer } from "../checkpoint/known-shapes.ts";
import { openCheckpoint, type ComponentFiles } from "../checkpoint/open-checkpoint.ts";
import { openOrMakeCheckpoint } from "../checkpoint/open-or-make-checkpoint.ts";
import type { FolderHolder } from "../disk/wait-for-folder.ts";
import { FluxRuntimeError } from "../errors.ts";
import { pathExists } from "../path-exists.ts";
import type { OnProgress } from "../progress.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import type { PlannedDownload } from "./download-snapshot.ts";
import { describeLora } from "../lora/describe-lora.ts";
import { locateCheckpoint } from "./locate-checkpoint.ts";
import { provideSnapshot } from "./provide-snapshot.ts";

/** What a checkpoint with models of other origin is put together from, as {@link resolveCheckpoint} takes it. */
export interface CheckpointSource extends ComponentFiles {
  /** Where its other models, its configurations and its tokenizer are from. */
  readonly checkpoint: string;
}

/** A checkpoint and what a reader of its results must know about it. */
export interface ResolvedCheckpoint {
  /**
   * What was asked for, of a repository with the commit that its revision stands for. If models were given as files of their
   * own, or adapters, a description that names them, too.
   */
  readonly id: string;
  /** Which models and adapters were given as files of their own, and what they were put into; omitted if none was. */
  readonly source?: CheckpointSource;
  /** The checkpoint itself. */
  readonly checkpoint: Checkpoint;
  /** Random weights, so far as names and marks show: results are a control, not evidence about a trained model. */
  readonly isSynthesized: boolean;
}

/** How a checkpoint is looked for. */
export interface ResolveCheckpointOptions {
  /** Download nothing. */
  readonly offline?: boolean;
  /** Models that take the place of the checkpoint's own, by their files, and adapters. */
  readonly components?: ComponentFiles | undefined;
  /** Ends a download or a synthesis; what was downloaded is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far a download or a synthesis is, in bytes. */
  readonly onProgress?: OnProgress | undefined;
  /** Told what is downloaded, before the first byte of it. */
  readonly onDownload?: ((download: PlannedDownload) => void) | undefined;
  /** Told which process downloads from the same repository, before its end is waited for. */
  readonly onWait?: ((holder: FolderHolder) => void) | undefined;
}

/**
 * Opens the checkpoint of a name: `tiny` or `random:NAME` (synthesised into the user's cache on first use), a folder,
 * or `OWNER/NAME` or `OWNER/NAME@REVISION` of a model on the hub, from the Hugging Face cache or downloaded into it.
 *
 * A weight file of a transformer whose sizes are known stands for the published checkpoint of these sizes with that
 * transformer; of that checkpoint only the parts are downloaded that were not given.
 *
 * @throws {FluxRuntimeError} `checkpoint-not-found`, `checkpoint-not-cached`; `hub-access-denied`, `hub-rate-limited`,
 * `hub-unreachable`, `hub-invalid-answer`, `download-interrupted`, `download-corrupted`, `disk-full` or `unwritable-file` if
 * it cannot be downloaded; as `openCheckpoint` if it is malformed; else the signal's reason.
 * @example
 * const { checkpoint } = await resolveCheckpoint("black-forest-labs/FLUX.2-klein-base-4B", {
 *   onProgress: ({ stage, done, total }) => console.log(stage, done / total),
 * });
 */
export async function resolveCheckpoint(
  name: string,
  { offline = false, components, ...options }: ResolveCheckpointOptions = {},
): Promise<ResolvedCheckpoint> {
  if ((isWeightFile(name) || isGgufFile(name)) && (await pathExists(name))) {
    const checkpoint = await findBase(name);
    return resolveCheckpoint(checkpoint, {
      ...options,
      offline,
      components: { transformer: name, ...components },
    });
  }
  const models = MODELS.filter(({ option }) => components?.[option] === undefined).map(
    ({ folder }) => folder,
  );
  const place = await locateCheckpoint(name, { offline, models });
  if (place.problem !== null) {
    const code = place.kind === "repository" ? "checkpoint-not-cached" : "checkpoint-not-found";
    throw new FluxRuntimeError(code, place.problem, { name, folder: place.folder });
  }
  if (place.kind === "synthesized") {
    const made = await openOrMakeCheckpoint(place.folder, (folder) =>
      synthesizeCheckpoint(folder, getCheckpointSpec(place.specName), options),
    );
    const checkpoint = components === undefined ? made : await openCheckpoint(place.folder, components);
    return resolved(name, checkpoint, components);
  }
  if (place.kind === "folder") {
    const checkpoint = await openCheckpoint(place.folder, components);
    return resolved(name, checkpoint, components);
  }
  const { repository } = place;
  const { commit, folder } = await provideSnapshot(repository, place.exists ? place.commit : null, {
    offline,
    models,
    ...options,
  });
  const checkpoint = await openCheckpoint(folder, components);
  return resolved(`${repository.name}@${commit}`, checkpoint, components);
}

/** The checkpoint that has what a transformer's file lacks. */
async function findBase(file: string): Promise<string> {
  const weights = await openComponentWeights(file);
  const shape = findKnownShape(weights, basename(file));
  if (shape !== undefined) return shape.checkpoint;
  const { jointBlocks, singleBlocks, width, textWidth } = measureTransformer(weights);
  const what =
    jointBlocks + singleBlocks === 0
      ? "holds no FLUX.2 transformer"
      : `holds a transformer of sizes that are not known here (${jointBlocks} joint blocks, ${singleBlocks} single blocks, ${width} channels, prompts of ${textWidth})`;
  throw new FluxRuntimeError(
    "checkpoint-not-found",
    `${file} ${what}, so configurations and tokenizer cannot be found for it. Name the checkpoint folder that has them, and give the file as the option \`transformer\`.`,
    { file, jointBlocks, singleBlocks, width, textWidth },
  );
}

/** How the models of a checkpoint are called: as an option, as a folder, and in words. */
const MODELS = [
  { option: "transformer", folder: "transformer", called: "transformer" },
  { option: "textEncoder", folder: "text_encoder", called: "text encoder" },
  { option: "autoencoder", folder: "vae", called: "VAE" },
] as const;

function resolved(name: string, checkpoint: Checkpoint, components: ComponentFiles = {}): ResolvedCheckpoint {
  const { hasRandomWeights: isSynthesized } = checkpoint;
  const given = MODELS.flatMap(({ option, called }) => {
    const path = components[option];
    return path === undefined ? [] : [{ option, called, path }];
  });
  const loras = (components.loras ?? []).map(({ file, scale = 1 }) => ({ file, scale }));
  if (given.length + loras.length === 0) return { id: name, checkpoint, isSynthesized };
  const parts = [...given.map(({ called, path }) => `${called} ${path}`), ...loras.map(describeLora)];
  return {
    id: `${name} with ${parts.join(", ")}`,
    source: {
      checkpoint: name,
      ...Object.fromEntries(given.map(({ option, path }) => [option, path])),
      ...(loras.length > 0 && { loras }),
    },
    checkpoint,
    isSynthesized,
  };
}
