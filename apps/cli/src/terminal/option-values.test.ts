import { describe, expect, it } from "vitest";
import { lora } from "./option-values.ts";

describe("--lora", () => {
  it.each([
    ["style.safetensors", "style.safetensors", 1],
    ["style.safetensors:0.8", "style.safetensors", 0.8],
    ["style.safetensors:-.5", "style.safetensors", -0.5],
    ["style.safetensors:0", "style.safetensors", 0],
    ["style.safetensors:1e-2", "style.safetensors", 0.01],
    ["C:\\adapters\\style.safetensors", "C:\\adapters\\style.safetensors", 1],
    ["C:\\adapters\\style.safetensors:2", "C:\\adapters\\style.safetensors", 2],
    ["a:folder/1", "a:folder/1", 1],
  ])("takes %s for a file and a scale", (text, file, scale) => {
    expect(lora(text)).toEqual([{ file, scale }]);
  });

  it("is repeated", () => {
    expect(lora("b:2", lora("a"))).toEqual([
      { file: "a", scale: 1 },
      { file: "b", scale: 2 },
    ]);
  });
});
