import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readModelIndex } from "./read-model-index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "model-index-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (index: unknown, file = "model_index.json"): Promise<void> =>
  writeFile(join(folder, file), JSON.stringify(index));
const models = {
  scheduler: ["diffusers", "FlowMatchEulerDiscreteScheduler"],
  text_encoder: ["transformers", "Qwen3ForCausalLM"],
  transformer: ["diffusers", "Flux2Transformer2DModel"],
};
/** A component as a modular index points to it. */
const pointer = (className: string, repository: string | null): unknown => [
  null,
  null,
  {
    pretrained_model_name_or_path: repository,
    subfolder: "",
    type_hint: ["diffusers", className],
    revision: null,
  },
];

describe("readModelIndex(folder) takes every pipeline of FLUX.2 Klein's models:", () => {
  it.each([
    ["Flux2KleinPipeline", { isDistilled: false, cachesReferences: false }],
    ["Flux2KleinImg2ImgPipeline", { isDistilled: false, cachesReferences: false }],
    ["Flux2KleinInpaintPipeline", { isDistilled: false, cachesReferences: false }],
    ["Flux2KleinKVPipeline", { isDistilled: true, cachesReferences: true }],
    ["Flux2KleinModularPipeline", { isDistilled: true, cachesReferences: false }],
    ["Flux2KleinBaseModularPipeline", { isDistilled: false, cachesReferences: false }],
  ])("%s", async (className, expected) => {
    await write({ _class_name: className, ...models });
    expect(await readModelIndex(folder)).toEqual(expected);
    for (const isDistilled of [true, false]) {
      await write({ _class_name: className, is_distilled: isDistilled, ...models });
      expect(await readModelIndex(folder)).toEqual({ ...expected, isDistilled });
    }
  });

  it("one that names no class, and one that is a modular index alone", async () => {
    await write(models, "modular_model_index.json");
    expect(await readModelIndex(folder)).toEqual({ isDistilled: false, cachesReferences: false });
  });

  it("model_index.json before the modular one", async () => {
    await write({ _class_name: "Flux2KleinPipeline", is_distilled: true });
    await write({ _class_name: "Flux2ModularPipeline" }, "modular_model_index.json");
    expect(await readModelIndex(folder)).toMatchObject({ isDistilled: true });
  });

  it("a modular index whose folder has the models that it points to", async () => {
    await write(
      { _class_name: "Flux2KleinModularPipeline", transformer: pointer("Flux2Transformer2DModel", "a/b") },
      "modular_model_index.json",
    );
    await mkdir(join(folder, "transformer"));
    expect(await readModelIndex(folder)).toMatchObject({ isDistilled: true });
  });
});

describe("readModelIndex(folder) refuses", () => {
  it.each([
    ["FLUX.3 by its pipeline", { _class_name: "Flux3KleinPipeline" }, /FLUX\.3.*Qwen3-VL/],
    [
      "FLUX.3 by its text encoder",
      { _class_name: "ModularPipeline", text_encoder: pointer("Qwen3VLForConditionalGeneration", null) },
      /FLUX\.3.*Qwen3-VL/,
    ],
    ["FLUX.2-dev", { _class_name: "Flux2Pipeline" }, /FLUX\.2-dev.*Mistral.*guidance as an input/],
    ["FLUX.2-dev, modular", { _class_name: "Flux2ModularPipeline" }, /FLUX\.2-dev/],
    [
      "FLUX.2-dev by its text encoder",
      { _class_name: "MyPipeline", text_encoder: ["transformers", "Mistral3ForConditionalGeneration"] },
      /FLUX\.2-dev/,
    ],
    [
      "FLUX.1",
      { _class_name: "FluxPipeline", text_encoder_2: ["transformers", "T5EncoderModel"] },
      /FLUX\.1/,
    ],
    ["a pipeline of anything else", { _class_name: "toString" }, /is a toString; expected one of Flux2Klein/],
  ])("%s, by name", async (_, index, said) => {
    await write(index);
    await expect(readModelIndex(folder)).rejects.toMatchObject({
      code: "unsupported-config",
      message: expect.stringMatching(said) as string,
    });
  });

  it("a modular index that points to models of other repositories, which it names", async () => {
    await write(
      {
        _class_name: "Flux2KleinModularPipeline",
        transformer: pointer("Flux2Transformer2DModel", "somebody/klein"),
        vae: pointer("AutoencoderKLFlux2", null),
      },
      "modular_model_index.json",
    );
    await expect(readModelIndex(folder)).rejects.toMatchObject({
      code: "unsupported-config",
      message: expect.stringMatching(/points to them: transformer of somebody\/klein\. Open/) as string,
    });
  });

  it.each([
    ["a list", [1], /not as expected/],
    ["a flag that is none", { is_distilled: "yes" }, /is_distilled/],
  ])("%s", async (_, index, said) => {
    await write(index);
    await expect(readModelIndex(folder)).rejects.toMatchObject({
      code: "invalid-config",
      message: expect.stringMatching(said) as string,
    });
  });
});
