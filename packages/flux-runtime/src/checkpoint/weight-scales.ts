import { isFloat8Dtype } from "./float8.ts";
import { NOTE, readLayerFormats, type LayerFormat } from "./layer-formats.ts";
import type { LocatedWeight, UnreadableKind } from "./located-weight.ts";
import { withoutPrefix, type NamedWeights } from "./native-names.ts";

const WEIGHT = ".weight";

/** The scale of X.weight, in ComfyUI's later and earlier spelling. */
const SCALES = [".weight_scale", ".scale_weight"];

/** What else programs put next to X.weight. */
const SECOND_SCALE = ".weight_scale_2";
const BLOCK_SCALES = ".weight_scale_inv";
const INPUT_FACTORS = ".pre_quant_scale";
const COMPANIONS = [
  ...SCALES,
  ".input_scale",
  ".scale_input", // of activations, which are not quantised here
  SECOND_SCALE,
  BLOCK_SCALES,
  INPUT_FACTORS,
  NOTE,
];

/** A tensor that says that a file has scales, and nothing else. */
const MARKER = /(?:^|\.)scaled_fp8$/;

/** The formats of layers that are read: one scale for the tensor, or one for each row. */
const READ_FORMATS: ReadonlySet<string> = new Set([
  "float8_e4m3fn",
  "float8_e4m3fn_rowwise",
  "float8_e5m2",
  "float8_e5m2_rowwise",
]);

/**
 * Puts the scales of quantised weights to the weights: the tensors X.weight_scale, X.input_scale and the like go, and X.weight
 * has its scale. A weight that was quantised in another way is marked as unreadable: it may be one that no graph reads.
 *
 * Scales of activations are left out. They say in which steps a kernel for 8-bit floats rounds the input of a layer; here inputs
 * are not rounded, so what is computed is what the weights alone give.
 *
 * Source: the names of ComfyUI (comfy/ops.py, comfy/utils.py), which Black Forest Labs' own fp8 files have, too.
 *
 * @throws {FluxRuntimeError} as `readLayerFormats` does.
 */
export async function attachScales(weights: NamedWeights): Promise<NamedWeights> {
  const names = [...weights.keys()];
  const isQuantized = names.some((name) => layerOf(name) !== undefined || MARKER.test(name));
  if (!isQuantized && ![...weights.values()].some(({ dtype }) => isFloat8Dtype(dtype))) return weights;

  const formats = await readLayerFormats(weights);
  const attached = new Map<string, LocatedWeight>();
  for (const [name, weight] of weights) {
    const owner = layerOf(name);
    const belongsToWeight = owner !== undefined && weights.has(owner + WEIGHT);
    if (belongsToWeight || MARKER.test(name)) continue;
    attached.set(name, name.endsWith(WEIGHT) ? attach(name, weight, weights, formats) : weight);
  }
  return attached;
}

/** The layer that a tensor belongs to which is not its weight. */
function layerOf(name: string): string | undefined {
  const suffix = COMPANIONS.find((ending) => name.endsWith(ending));
  return suffix && name.slice(0, -suffix.length);
}

function attach(
  name: string,
  weight: LocatedWeight,
  weights: NamedWeights,
  formats: ReadonlyMap<string, LayerFormat>,
): LocatedWeight {
  const layer = name.slice(0, -WEIGHT.length);
  const find = (suffix: string): Companion | undefined => {
    const found = weights.get(layer + suffix);
    return found && { name: layer + suffix, weight: found };
  };
  const scale = SCALES.map(find).find((found) => found !== undefined);
  const unreadable =
    findUnreadableCompanion(find) ??
    findUnreadableFormat(layer, formats.get(withoutPrefix(layer))) ??
    (scale && findUnreadableScale(weight, scale));
  if (unreadable !== undefined) return { ...weight, unreadable };
  return scale === undefined ? weight : { ...weight, scale: scale.weight };
}

interface Companion {
  readonly name: string;
  readonly weight: LocatedWeight;
}

const NVFP4 = "weights in 4-bit floats with scales for each block (nvfp4)";
const MXFP8 = "weights in fp8 with scales for each block of 32 (mxfp8)";
const BLOCKS = "weights in fp8 with scales for each block";
const INT8 = "weights in 8-bit integers with scales (int8)";

function findUnreadableCompanion(
  find: (suffix: string) => Companion | undefined,
): UnreadableKind | undefined {
  const kinds = [
    [SECOND_SCALE, NVFP4],
    [BLOCK_SCALES, BLOCKS],
    [INPUT_FACTORS, "weights whose inputs are to be scaled (pre_quant_scale)"],
  ] as const;
  for (const [suffix, what] of kinds) {
    const found = find(suffix);
    if (found !== undefined) return { what, evidence: describe(found) };
  }
  return undefined;
}

function findUnreadableFormat(layer: string, found: LayerFormat | undefined): UnreadableKind | undefined {
  if (found === undefined) return undefined;
  const { format, isRotated } = found;
  const evidence = `the note on ${layer} (comfy_quant)`;
  if (format === undefined) return { what: "weights quantised in a way that it does not name", evidence };
  if (isRotated) return { what: `weights that were rotated and quantised (${format}, convrot)`, evidence };
  if (READ_FORMATS.has(format)) return undefined;
  const known = format === "nvfp4" ? NVFP4 : format === "mxfp8" ? MXFP8 : undefined;
  return { what: known ?? `weights quantised as ${format}`, evidence };
}

function findUnreadableScale(weight: LocatedWeight, scale: Companion): UnreadableKind | undefined {
  const { dtype, shape } = scale.weight;
  const evidence = describe(scale);
  if (/^[IU]/.test(weight.dtype)) return { what: INT8, evidence };
  if (dtype === "F8_E8M0" || dtype === "U8") return { what: MXFP8, evidence };
  if (!["F32", "F16", "BF16"].includes(dtype)) {
    return { what: `weights with scales of ${dtype}`, evidence };
  }
  const [rows, ...rest] = shape;
  const isOfTensor = shape.every((length) => length === 1);
  const isOfRows = rows === weight.shape[0] && rest.every((length) => length === 1);
  return isOfTensor || isOfRows ? undefined : { what: BLOCKS, evidence };
}

function describe({ name, weight: { dtype, shape } }: Companion): string {
  return `the tensor ${name} of ${dtype} [${shape.join(", ")}]`;
}
