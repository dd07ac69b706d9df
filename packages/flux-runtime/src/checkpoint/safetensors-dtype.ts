/** The name of an element type as safetensors spells it. */
export type SafetensorsDtype =
  | "BOOL"
  | "U8"
  | "I8"
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E5M2FNUZ"
  | "F8_E4M3FNUZ"
  | "F8_E8M0"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "I64"
  | "U64"
  | "F64"
  | "C64";

/** The element types of a safetensors file that this package can name, with their size in bytes. */
export const SAFETENSORS_DTYPE_BYTES: Readonly<Record<SafetensorsDtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F4: 1 / 2,
  F6_E2M3: 3 / 4,
  F6_E3M2: 3 / 4,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E5M2FNUZ: 1,
  F8_E4M3FNUZ: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
};

/** Whether a string names an element type of {@link SAFETENSORS_DTYPE_BYTES}. */
export function isSafetensorsDtype(name: string): name is SafetensorsDtype {
  return Object.hasOwn(SAFETENSORS_DTYPE_BYTES, name);
}
