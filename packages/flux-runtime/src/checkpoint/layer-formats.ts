import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { withoutPrefix, type NamedWeights } from "./native-names.ts";
import { readTensorBytes } from "./read-safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";

/** How a layer was quantised, as ComfyUI notes it next to the weights. */
export interface LayerFormat {
  /** As in `float8_e4m3fn`; undefined if the note cannot be understood. */
  readonly format: string | undefined;
  /** Whether weights and inputs were rotated before: the stored values alone mean nothing then. */
  readonly isRotated: boolean;
}

/** The end of the name of a note: a tensor of bytes that are JSON. */
export const NOTE = ".comfy_quant";

/** A note is a line of JSON; more is none. */
const LARGEST_NOTE = 65_536;

const noteSchema = z.object({ format: z.string(), convrot: z.boolean().nullish() });
const headerSchema = z.object({ layers: z.record(z.string(), z.union([z.string(), noteSchema])) });

/**
 * Reads how the layers of weights were quantised: from the header of their files, or a tensor next to each.
 *
 * Source: ComfyUI `convert_old_quants` (comfy/utils.py) and `MixedPrecisionOps` (comfy/ops.py), QUANTIZATION.md.
 *
 * @returns By the layer's name without a prefix.
 * @throws {FluxRuntimeError} `malformed-safetensors` if a header's note is not JSON of that form, or a file ends early.
 */
export async function readLayerFormats(weights: NamedWeights): Promise<ReadonlyMap<string, LayerFormat>> {
  const formats = new Map<string, LayerFormat>();
  for (const file of new Set([...weights.values()].map(({ file }) => file))) {
    const { metadata } = await readSafetensorsHeader(file);
    const text = metadata["_quantization_metadata"];
    if (text === undefined) continue;
    for (const [layer, note] of Object.entries(parseHeader(file, text))) {
      formats.set(withoutPrefix(layer), toFormat(typeof note === "string" ? { format: note } : note));
    }
  }
  for (const [name, weight] of weights) {
    if (!name.endsWith(NOTE)) continue;
    const layer = withoutPrefix(name.slice(0, -NOTE.length));
    const isNote = weight.dtype === "U8" && weight.byteLength <= LARGEST_NOTE;
    const bytes = isNote ? await readTensorBytes(weight.file, weight) : new ArrayBuffer(0);
    formats.set(layer, toFormat(noteSchema.safeParse(parseJson(new TextDecoder().decode(bytes))).data));
  }
  return formats;
}

function toFormat(note: z.infer<typeof noteSchema> | undefined): LayerFormat {
  return { format: note?.format, isRotated: note?.convrot === true };
}

function parseHeader(file: string, text: string): z.infer<typeof headerSchema>["layers"] {
  const parsed = headerSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.layers;
  throw new FluxRuntimeError(
    "malformed-safetensors",
    `The header of ${file} does not say how its weights were quantised: _quantization_metadata should be JSON with { layers: { NAME: { format } } } (${z.prettifyError(parsed.error)}). Fetch the file again, or write it with another program.`,
    { path: file, metadata: text.slice(0, 200) },
  );
}

/** What a text says; undefined, which no schema takes, where it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
