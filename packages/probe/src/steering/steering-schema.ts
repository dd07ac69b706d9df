import { z } from "zod";
import { ablationGranularities } from "../ablation/ablation.ts";
import type { Steering } from "./steering.ts";

// A run folder can come from somebody else: a limit for everything that is read of it.
const MAX_TEXT_CHARACTERS = 8_192;
/** More sets, units or images than a steering can have. */
const MAX_ENTRIES = 100_000;

const text = z.string().max(MAX_TEXT_CHARACTERS);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256: 64 digits from 0 to f");
const wholeNumber = z.int().nonnegative();
const positive = z.int().positive();
const list = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).max(MAX_ENTRIES);

const rendering = z.strictObject({
  width: positive,
  height: positive,
  steps: positive,
  guidance: z.number(),
  maxSequenceLength: positive,
  textEncoderLayers: list(positive),
  rotaryFrequencies: z.enum(["float32", "bfloat16"]),
  device: z.enum(["cpu", "cuda", "webgpu"]),
  dtype: z.enum(["float32", "bfloat16", "float16"]),
  weights: z.enum(["mapped", "resident"]),
  threads: positive.nullable(),
});

const settings = z.strictObject({
  granularity: z.enum(ablationGranularities),
  units: list(text),
  random: wholeNumber,
  setSeed: wholeNumber,
  scale: list(z.number()),
  prompts: list(text),
  seeds: list(wholeNumber),
  rendering,
});

const image = z.strictObject({
  // No path: files of these names are read, and removed when they are no part of a steering any more.
  file: z.string().regex(/^prompt-\d+-seed-\d+[\w.-]*\.png$/, "expected the name of a steered image"),
  sha256,
  key: text,
  prompt: wholeNumber,
  seed: wholeNumber,
  set: wholeNumber.nullable(),
  scale: z.number(),
  difference: z.number(),
});

/** What `steering.json` holds. */
export const steeringSchema: z.ZodType<Steering> = z.strictObject({
  schemaVersion: z.literal(1),
  capturesSha256: sha256.nullable(),
  settings,
  sets: list(z.strictObject({ name: text, units: list(text), meanAbsT: z.number() })),
  images: list(image),
});
