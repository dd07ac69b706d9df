import { sha256, type ProbeSettings, type Manifest } from "@measure-plantain/probe";
import type { FixedImage } from "./fixed-images.ts";

/** What is known of a run before its numbers. */
export interface DescribedRun {
  readonly manifest: Manifest;
  /** The fixed images that conditioned its passes. */
  readonly images: readonly FixedImage[];
}

/** One thing, of all that the numbers depend on, in which two runs differ. */
export interface RunDifference {
  /** A setting, as `width`; or `cutPrompts`, `versions`. */
  readonly setting: string;
  /** Its value in the run, in words. */
  readonly here: string;
  /** Its value in the other run, in words. */
  readonly there: string;
}

/** How each setting is compared and shown; those that only name a part of a run are left out. */
const shownSettings: Readonly<Record<Exclude<keyof ProbeSettings, "shard">, (run: DescribedRun) => string>> =
  {
    checkpoint: ({ manifest }) => {
      const { id, files } = manifest.settings.checkpoint;
      const parts = files.map(({ file, bytes, headerSha256 }) => [file, bytes, headerSha256]);
      return `${id} (files ${shortHash(JSON.stringify(parts))})`;
    },
    promptSet: ({ manifest }) => {
      const { name, version, pairs, sha256: hash } = manifest.settings.promptSet;
      return `${name} ${version}, ${pairs} pairs (${hash.slice(0, SHOWN_DIGITS)})`;
    },
    references: ({ images }) =>
      images
        .map(({ width, height, sha256: hash }) => `${width} × ${height} (${hash.slice(0, SHOWN_DIGITS)})`)
        .join(", ") || "none",
    noiseSeeds: ({ manifest }) => manifest.settings.noiseSeeds.join(", "),
    noise: ({ manifest }) => manifest.settings.noise,
    sigmas: ({ manifest }) => manifest.settings.sigmas.join(", "),
    width: ({ manifest }) => String(manifest.settings.width),
    height: ({ manifest }) => String(manifest.settings.height),
    maxSequenceLength: ({ manifest }) => String(manifest.settings.maxSequenceLength),
    steps: ({ manifest }) => String(manifest.settings.steps),
    guidance: ({ manifest }) => String(manifest.settings.guidance),
    groupSize: ({ manifest }) => String(manifest.settings.groupSize),
    capture: ({ manifest }) => manifest.settings.capture,
    taps: ({ manifest }) => manifest.settings.taps.join(", ") || "none",
    segments: ({ manifest }) => (manifest.settings.segments ? "apart, too" : "together"),
    textEncoderLayers: ({ manifest }) => manifest.settings.textEncoderLayers.join(", "),
    rotaryFrequencies: ({ manifest }) => manifest.settings.rotaryFrequencies,
    device: ({ manifest }) => manifest.settings.device,
    dtype: ({ manifest }) => manifest.settings.dtype,
    weights: ({ manifest }) => manifest.settings.weights,
    batch: ({ manifest }) => String(manifest.settings.batch),
    threads: ({ manifest }) => String(manifest.settings.threads ?? "all"),
  };

/** What else the numbers depend on. */
const shownBesides: Readonly<Record<string, (run: DescribedRun) => string>> = {
  cutPrompts: ({ manifest: { audit } }) =>
    audit.cut === undefined ? "not counted" : `${audit.cut.prompts} of ${2 * audit.pairs.length}`,
  versions: ({ manifest: { packages } }) =>
    Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .sort()
      .join(", "),
};

/** Names everything that two runs' numbers depend on and in which they differ. */
export function listRunDifferences(here: DescribedRun, there: DescribedRun): RunDifference[] {
  return Object.entries({ ...shownSettings, ...shownBesides }).flatMap(([setting, show]) => {
    const [one, other] = [show(here), show(there)];
    return one === other ? [] : [{ setting, here: one, there: other }];
  });
}

/**
 * Says why one run's contrasts cannot be subtracted from another's, pair by pair; `null` if they can.
 *
 * A root mean square is a mean over tokens, most of which are not the prompt's: runs of another size, another length or
 * other images weigh the prompt differently, so that a difference of theirs has no unit.
 */
export function explainUnpaired(here: DescribedRun, there: DescribedRun): string | null {
  const ids = ({ manifest }: DescribedRun): string => manifest.promptSet.pairs.map(({ id }) => id).join("\n");
  if (ids(here) !== ids(there)) return "the pairs of the two do not correspond";
  const [one, other] = [here, there].map(describeTokens);
  return one === other
    ? null
    : `their root mean squares are means over other tokens (${one ?? ""} here, ${other ?? ""} there)`;
}

function describeTokens({ manifest: { settings }, images }: DescribedRun): string {
  const { width, height, maxSequenceLength } = settings;
  const sizes = new Set(images.map((image) => `${image.width} × ${image.height}`));
  return `${maxSequenceLength} text tokens, ${width} × ${height} pixels, fixed images of ${[...sizes].join(", ") || "none"}`;
}

/** Digits of a hash that tell files apart in a table. */
const SHOWN_DIGITS = 8;

function shortHash(text: string): string {
  return sha256(text).slice(0, SHOWN_DIGITS);
}
