import { access, readFile, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  checkpointSpecNames,
  getCheckpointSpec,
  openCheckpoint,
  synthesizeCheckpoint,
  type Checkpoint,
} from "@measure-plantain/flux-runtime";
import { UsageError } from "../errors.ts";
import type { Progress } from "../terminal/progress.ts";

/** A checkpoint and what a reader of its results must know about it. */
export interface ResolvedCheckpoint {
  /** What the user asked for. */
  readonly id: string;
  readonly checkpoint: Checkpoint;
  /** Random weights: results are a control, not evidence about a trained model. */
  readonly isSynthesized: boolean;
}

/** Bumped whenever the same name and seed would give other bytes, so that an old cached checkpoint is not taken for a new one. */
const SYNTHESIS_VERSION = 1;

/**
 * Finds the checkpoint that a user names: `tiny` or `random:NAME` (synthesised into the user's cache on first use), a folder,
 * or `OWNER/NAME` in the Hugging Face cache.
 *
 * @throws UsageError where there is no such checkpoint; FluxRuntimeError where it is malformed.
 */
export async function resolveCheckpoint(id: string, progress: Progress): Promise<ResolvedCheckpoint> {
  const specName = id === "tiny" ? "tiny" : /^random:(.+)$/.exec(id)?.[1];
  if (specName !== undefined) {
    const folder = await synthesizedFolder(specName, progress);
    return { id, checkpoint: await openCheckpoint(folder), isSynthesized: true };
  }
  if (await exists(id)) return { id, checkpoint: await openCheckpoint(id), isSynthesized: false };
  if (/^[\w.-]+\/[\w.-]+$/.test(id)) {
    return { id, checkpoint: await openCheckpoint(await cachedSnapshot(id)), isSynthesized: false };
  }
  throw new UsageError(
    `There is no checkpoint folder ${id}. Give tiny, random:${checkpointSpecNames.join(", random:")}, the path of a folder, or OWNER/NAME of a model in the Hugging Face cache.`,
  );
}

async function synthesizedFolder(name: string, progress: Progress): Promise<string> {
  const spec = getCheckpointSpec(name);
  const folder = join(cacheFolder(), `random-${name}-v${SYNTHESIS_VERSION}`);
  if (await exists(folder)) return folder;
  const bar = progress.start(`synthesising ${name}`, { unit: "bytes" });
  await synthesizeCheckpoint(folder, spec, {
    onProgress: ({ bytes, totalBytes }) => {
      bar.update(bytes, totalBytes);
    },
  }).catch(async (error: unknown) => {
    if (!(await exists(folder))) throw error; // else another process was first, with the same bytes
  });
  bar.stop();
  return folder;
}

/** The user's cache folder: MEASURE_PLANTAIN_CACHE, else the platform's convention. */
function cacheFolder(): string {
  const { MEASURE_PLANTAIN_CACHE, XDG_CACHE_HOME } = process.env;
  if (MEASURE_PLANTAIN_CACHE) return MEASURE_PLANTAIN_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "measure-plantain");
}

/** The snapshot of the main revision, as huggingface_hub lays out its cache. */
async function cachedSnapshot(id: string): Promise<string> {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const repository = join(HF_HUB_CACHE || join(home, "hub"), `models--${id.replace("/", "--")}`);
  try {
    const revision = (await readFile(join(repository, "refs", "main"), "utf8")).trim();
    return await realpath(join(repository, "snapshots", revision));
  } catch (cause) {
    throw new UsageError(
      `${id} is neither a folder here nor in the Hugging Face cache (${repository}). Download it first, with \`npx @huggingface/hub\` or \`hf download ${id}\`, or give the path of a folder.`,
      { cause },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
