import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeStored } from "../../test/quantize-float8.ts";
import { openComponentWeights } from "./component-weights.ts";
import { joinWeights } from "./join-weights.ts";
import { writeSafetensors } from "./write-safetensors.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "join-weights-")));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("joinWeights locates weights, their scales and adapters from the folder that has all of them", async () => {
  const [model, adapter] = [join(folder, "model/w.safetensors"), join(folder, "adapters/a.safetensors")];
  for (const name of ["model", "adapters"]) mkdirSync(join(folder, name));
  await writeStored(model, [
    { name: "layer.weight", dtype: "F8_E4M3", shape: [1, 2], data: Uint8Array.of(0x38, 0x40) },
    { name: "layer.weight_scale", dtype: "F32", shape: [], data: Float32Array.of(2) },
  ]);
  await writeSafetensors(adapter, [{ name: "layer.up", shape: [1, 1], data: Float32Array.of(1) }]);
  const joined = joinWeights(await openComponentWeights(model), [await openComponentWeights(adapter)]);
  const fileOf = ({ location }: { readonly location: string }): string =>
    join(joined.externalDataFolder, location);
  const weight = joined.locate("layer.weight", [1, 2]);
  expect(weight.scale).toBeDefined();
  expect([weight, weight.scale ?? weight].map(fileOf)).toEqual([model, model]);
  expect(fileOf(joined.locate("layer.up", [1, 1]))).toBe(adapter);
});
