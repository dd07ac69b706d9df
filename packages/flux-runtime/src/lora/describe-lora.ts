import type { LoraChoice } from "./lora.ts";

/** An adapter in words, as in `LoRA style.safetensors × 0.8`. */
export function describeLora({ file, scale = 1 }: LoraChoice): string {
  return scale === 1 ? `LoRA ${file}` : `LoRA ${file} × ${scale}`;
}
