import { blockFormats, type BlockFormat } from "./dequantize.ts";

/** How tensors of one type are stored. */
export type GgufStorage =
  | { readonly kind: "plain"; readonly dtype: "F32" | "F16" | "BF16"; readonly bytes: 2 | 4 }
  | { readonly kind: "blocks"; readonly format: BlockFormat };

const plain = (dtype: "F32" | "F16" | "BF16", bytes: 2 | 4): GgufStorage => ({ kind: "plain", dtype, bytes });

/** The types that are read, by their names. */
const storages: Readonly<Record<string, GgufStorage>> = {
  F32: plain("F32", 4),
  F16: plain("F16", 2),
  BF16: plain("BF16", 2),
  ...Object.fromEntries(
    Object.entries(blockFormats).map(([name, format]) => [name, { kind: "blocks", format } as const]),
  ),
};

/** The names of the types that are read. */
export const GGUF_TYPES: readonly string[] = Object.keys(storages);

/** The names of ggml's types by their numbers, which have gaps. Source: `enum ggml_type` (ggml.h). */
const names: ReadonlyMap<number, string> = new Map([
  ...["F32", "F16", "Q4_0", "Q4_1"].map((name, type) => [type, name] as const),
  ...["Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"].map(
    (name, index) => [6 + index, name] as const,
  ),
  ...["IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS"].map(
    (name, index) => [16 + index, name] as const,
  ),
  ...["I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16"].map((name, index) => [24 + index, name] as const),
  [34, "TQ1_0"],
  [35, "TQ2_0"],
  [39, "MXFP4"],
]);

/** What ggml calls a type. */
export function nameOfType(type: number): string {
  return names.get(type) ?? `type ${type}`;
}

/** How a type is stored, if it is read. */
export function storageOfType(type: number): GgufStorage | undefined {
  const name = nameOfType(type);
  return Object.hasOwn(storages, name) ? storages[name] : undefined;
}
