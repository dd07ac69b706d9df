import { expect, it } from "vitest";
import { checkpointConfigs } from "../synthesis/checkpoint-configs.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { listOutputProjections, type OutputProjection } from "./output-projections.ts";
import { transformerConfigSchema } from "./transformer-config.ts";

const klein4b = transformerConfigSchema.parse(
  checkpointConfigs(getCheckpointSpec("klein-4b"))["transformer/config.json"],
);
const projections = listOutputProjections(klein4b);
const channelsOf = (chosen: readonly OutputProjection[], kind: string): number =>
  chosen
    .flatMap(({ inputs }) => inputs)
    .reduce((sum, input) => sum + (input.kind === kind ? input.channels : 0), 0);

it("Klein 4B has 16,320 groups of 16 channels, of which 11,520 are MLP channels, and 600 heads", () => {
  const visible = projections.filter(({ tokens }) => tokens !== "text");
  expect((channelsOf(visible, "attention") + channelsOf(visible, "mlp")) / 16).toBe(16_320);
  expect(channelsOf(visible, "mlp") / 16).toBe(11_520);
  expect(channelsOf(visible, "attention") / klein4b.attention_head_dim).toBe(600);
});

it("the text stream of Klein 4B's joint blocks adds 960 groups", () => {
  expect(
    channelsOf(
      projections.filter(({ tokens }) => tokens === "text"),
      "attention",
    ) / 16,
  ).toBe(960);
});

it("joint blocks come first, single blocks follow, the text stream comes last", () => {
  expect(projections.map(({ tokens }) => tokens)).toEqual([
    ...Array<string>(5).fill("image"),
    ...Array<string>(20).fill("all"),
    ...Array<string>(5).fill("text"),
  ]);
});
