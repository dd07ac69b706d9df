import { readImage, readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import { readFile } from "node:fs/promises";
import { ProbeError } from "../probe-error.ts";
import { differingSettings, withPlainCheckpoint, type ProbeSettings } from "../settings/settings.ts";
import { formatShard, shardPairs, type Shard } from "../settings/shard.ts";
import { captureForm } from "../captures/capture-tensors.ts";
import { PLAN_FILE } from "../plan-file/plan-file.ts";
import { referenceName } from "../passes/prepare-references.ts";
import type { Manifest } from "./manifest.ts";
import { RunFolder } from "./run-folder.ts";

/** A shard whose manifest was read. */
interface ShardFolder {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly shard: Shard;
  /** Those of the whole run. */
  readonly settings: Omit<ProbeSettings, "shard">;
}

/**
 * Joins all shards of a run into one run folder: the captures are those of a run that was not split, byte for byte.
 *
 * @throws {ProbeError} if a folder is no shard, not complete or altered, if one is missing or given twice, or if two
 * disagree in anything but the shard; each is named, and nothing is written then.
 * @example
 * await mergeShards("runs/whole", ["runs/shard-1", "runs/shard-2"]);
 */
export async function mergeShards(out: string, directories: readonly string[]): Promise<RunFolder> {
  const shards: ShardFolder[] = [];
  for (const directory of directories) shards.push(await openShard(directory));
  shards.sort((one, other) => one.shard.number - other.shard.number);
  const [first] = shards;
  if (first === undefined) throw new ProbeError("shard-mismatch", "Give the folders of the shards.");
  requireAllOnce(first, shards);
  for (const other of shards.slice(1)) await requireAgreement(first, other);
  const tensors = await joinCaptures(shards);

  const folder = await RunFolder.openForRun(out, first.settings, first.manifest);
  try {
    await writeJoined(folder, first, shards, tensors);
  } finally {
    await folder.close();
  }
  return folder;
}

/** Writes the captures and what describes them: the first shard's, for all pairs. */
async function writeJoined(
  folder: RunFolder,
  { manifest, settings, folder: source }: ShardFolder,
  shards: readonly ShardFolder[],
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const times = shards.map((part) => part.manifest);
  const joined: Manifest = {
    ...manifest,
    settings,
    mergedShards: shards.length,
    startedAt: times.map(({ startedAt }) => startedAt).reduce((one, other) => (one < other ? one : other)),
    stages: shards.flatMap((part) =>
      part.manifest.stages.map((record) => ({
        ...record,
        stage: `${record.stage} (shard ${formatShard(part.shard)})`,
      })),
    ),
  };
  await folder.writeJson("manifest.json", {
    ...joined,
    state: "running",
    layout: null,
    capturesSha256: null,
    finishedAt: null,
  });
  if (manifest.plan !== undefined) await folder.write(PLAN_FILE, await readFile(source.file(PLAN_FILE)));
  const images = settings.references.map((_, index) => referenceName(index));
  for (const name of images.flatMap((image) => [`${image}.png`, `${image}.json`])) {
    await folder.write(name, await readFile(source.file(name)));
  }
  await folder.write("units.json", await readFile(source.file("units.json")));
  await writeSafetensors(
    folder.file("captures.safetensors"),
    [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
  );
  const capturesSha256 = await folder.sha256("captures.safetensors");
  await folder.writeJson("manifest.json", {
    ...joined,
    capturesSha256,
    finishedAt: new Date().toISOString(),
  });
  await folder.removeWorkFiles();
}

async function openShard(directory: string): Promise<ShardFolder> {
  const folder = await RunFolder.openForReading(directory);
  const manifest = await folder.readManifest();
  const { shard, ...settings } = manifest.settings;
  if (shard === undefined) {
    throw new ProbeError(
      "shard-mismatch",
      `${folder.path} is not a shard: it was run as a whole. Give the folders of the shards alone.`,
    );
  }
  if (manifest.state !== "complete") {
    throw new ProbeError(
      "shard-mismatch",
      `Shard ${formatShard(shard)} in ${folder.path} is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  const captures = folder.file("captures.safetensors");
  if ((await folder.sha256("captures.safetensors").catch(() => "none")) !== manifest.capturesSha256) {
    throw new ProbeError(
      "shard-mismatch",
      `${captures} is not what shard ${formatShard(shard)} wrote: its SHA-256 is not that of the manifest. Restore the file, or run this shard again into another folder.`,
    );
  }
  return { folder, manifest, shard, settings };
}

function requireAllOnce(first: ShardFolder, shards: readonly ShardFolder[]): void {
  const { count } = first.shard;
  const stranger = shards.find(({ shard }) => shard.count !== count);
  if (stranger !== undefined) {
    throw new ProbeError(
      "shard-mismatch",
      `${first.folder.path} is shard ${formatShard(first.shard)}, but ${stranger.folder.path} is shard ${formatShard(stranger.shard)}. Give the shards of one run.`,
    );
  }
  const missing: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const [one, another] = shards.filter(({ shard }) => shard.number === number);
    if (one === undefined) missing.push(formatShard({ number, count }));
    else if (another !== undefined) {
      throw new ProbeError(
        "shard-mismatch",
        `${one.folder.path} and ${another.folder.path} are both shard ${formatShard(one.shard)}. Give each shard once.`,
      );
    }
  }
  if (missing.length > 0) {
    throw new ProbeError(
      "shard-mismatch",
      `Of ${count} shards ${missing.length === 1 ? "one is" : `${missing.length} are`} missing: ${missing.join(", ")}. Give the folders of all shards.`,
    );
  }
}

async function requireAgreement(first: ShardFolder, other: ShardFolder): Promise<void> {
  const differences = differingSettings(comparable(first), comparable(other));
  if (differences.length > 0) {
    throw new ProbeError(
      "shard-mismatch",
      `${first.folder.path} and ${other.folder.path} do not belong together (there is the former, now the latter):\n  ${differences.slice(0, 6).join("\n  ")}\nRun the shards with equal settings and one release.`,
    );
  }
  for (const [index] of first.settings.references.entries()) {
    const name = `${referenceName(index)}.png`;
    const [one, another] = await Promise.all(
      [first, other].map(({ folder }) => readImage(folder.file(name))),
    );
    const isSame =
      one?.width === another?.width && one && another && Buffer.compare(one.data, another.data) === 0;
    if (isSame) continue;
    throw new ProbeError(
      "shard-mismatch",
      `The fixed image ${name} differs between ${first.folder.path} and ${other.folder.path}: it was rendered on machines that round differently. Give all shards the same file as the option \`referenceFiles\`.`,
    );
  }
}

/** Everything in which the shards of one run are equal. */
function comparable({ manifest, settings }: ShardFolder): unknown {
  const { packages, isSynthesizedCheckpoint, promptSet, wordCounts, plan, layout } = manifest;
  return {
    ...withPlainCheckpoint(settings),
    packages,
    isSynthesizedCheckpoint,
    pairs: promptSet.pairs,
    wordCountsSha256: wordCounts?.sha256,
    planSha256: plan?.sha256,
    layout,
  };
}

/** Puts each shard's rows where its pairs stand in the prompt set. @returns Each […, pairs, …]. */
async function joinCaptures(shards: readonly ShardFolder[]): Promise<Map<string, Tensor>> {
  const joined = new Map<string, Tensor>();
  for (const { folder, shard, manifest } of shards) {
    const count = manifest.promptSet.pairs.length;
    const pairs = shardPairs(count, shard);
    const path = folder.file("captures.safetensors");
    const tensors = await readTensors(path);
    const names = joined.size === 0 ? [...tensors.keys()] : [...joined.keys()];
    for (const name of names) {
      const { data, shape } = tensors.get(name) ?? { data: new Float32Array(), shape: [] };
      const { stack, row } = captureForm(name, manifest, joined.get(name)?.shape ?? shape);
      const expected = [...stack, pairs.length, ...row];
      if (tensors.size !== names.length || shape.join() !== expected.join()) {
        throw new ProbeError(
          "shard-mismatch",
          `${path} does not hold what shard ${formatShard(shard)} captures: expected ${name} of shape [${expected.join(", ")}], found [${shape.join(", ")}]. Run this shard again into another folder.`,
        );
      }
      const [layers, length] = [productOf(stack), productOf(row)];
      const whole = joined.get(name) ?? {
        data: new Float32Array(layers * count * length),
        shape: [...stack, count, ...row],
      };
      for (let layer = 0; layer < layers; layer += 1) {
        for (const [place, pair] of pairs.entries()) {
          const from = (layer * pairs.length + place) * length;
          whole.data.set(data.subarray(from, from + length), (layer * count + pair) * length);
        }
      }
      joined.set(name, whole);
    }
  }
  return joined;
}

function productOf(axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * axis, 1);
}
