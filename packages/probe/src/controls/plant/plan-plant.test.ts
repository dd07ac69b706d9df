import type { TransformerConfig } from "@measure-plantain/flux-runtime";
import { describe, expect, it } from "vitest";
import { planPlant, type PlantShape } from "./plan-plant.ts";

const config: TransformerConfig = {
  patch_size: 1,
  in_channels: 32,
  out_channels: null,
  num_layers: 5,
  num_single_layers: 4,
  attention_head_dim: 32,
  num_attention_heads: 4,
  joint_attention_dim: 192,
  timestep_guidance_channels: 256,
  mlp_ratio: 3,
  axes_dims_rope: [8, 8, 8, 8],
  rope_theta: 2_000,
  eps: 1e-6,
};
const shape: PlantShape = { design: { kind: "contrast", pairs: 25 }, groupSize: 16, seed: 0 };
const contrast = (pairs: number): PlantShape => ({ ...shape, design: { kind: "contrast", pairs } });

function describeAnswers(answers: readonly number[]): { mean: number; dz: number } {
  const mean = answers.reduce((sum, value) => sum + value, 0) / answers.length;
  const squares = answers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, dz: mean / Math.sqrt(squares / (answers.length - 1)) };
}

describe("planPlant(config, shape)", () => {
  it("planted units have exactly the planned effect and spread, half of them with the other sign", () => {
    const { units } = planPlant(config, shape);
    const planted = units
      .filter(({ role }) => role === "planted")
      .map(({ answers }) => describeAnswers(answers));
    expect(planted).toHaveLength(8);
    for (const [index, { mean, dz }] of planted.entries()) {
      const sign = index % 2 === 0 ? 1 : -1;
      expect(mean).toBeCloseTo(sign * 0.01, 12);
      expect(dz).toBeCloseTo(sign * 2, 9);
    }
  });

  it("decoys answer as strongly, with random signs", () => {
    const { units } = planPlant(config, shape);
    const decoys = units.filter(({ role }) => role === "decoy");
    expect(decoys).toHaveLength(8);
    for (const { answers } of decoys) {
      expect(answers.some((value) => value > 0) && answers.some((value) => value < 0)).toBe(true);
    }
  });

  it("no unit is taken twice, and another seed takes others", () => {
    const addresses = ({ units }: ReturnType<typeof planPlant>): string[] =>
      units.map(({ address }) => address);
    const first = addresses(planPlant(config, shape));
    expect(new Set(first).size).toBe(16);
    expect(addresses(planPlant(config, shape))).toEqual(first);
    expect(addresses(planPlant(config, { ...shape, seed: 1 }))).not.toEqual(first);
  });

  it.each([
    ["a model of fewer units", { ...shape, groupSize: 128 }, /16 units.*have 12 MLP groups/],
    ["fewer pairs than have a spread", contrast(2), /3 to 64 pairs.*there are 2/],
    [
      "more cells than inputs can tell apart",
      { ...shape, design: { kind: "axis", rows: 20, grades: [1, 2, 3, 4, 5] } } satisfies PlantShape,
      /9 to 97 cells.*there are 100/,
    ],
    ["more pairs than inputs can tell apart", contrast(65), /3 to 64 pairs.*there are 65/],
  ])("refuses %s", (_, asked, message) => {
    expect(() => planPlant(config, asked)).toThrow(message);
  });
});
