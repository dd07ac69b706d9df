import {
  buildTransformerModel,
  openPipeline,
  type Checkpoint,
  type Pipeline,
  type PipelineOptions,
  type SessionTensors,
} from "@measure-plantain/flux-runtime";
import { hookModel, unitFactors, type UnitFactors, type UnitLayout } from "@measure-plantain/head-hooks";
import { chooseGroupSize, type OptionalTap, planTaps } from "../captures/plan-taps.ts";

/** How a steered pipeline is opened. */
export interface SteeredPipelineOptions extends Omit<PipelineOptions, "rewriteGraph"> {
  /** Channels per unit; by default 16 as published, or the largest part of it that no head is cut by. */
  readonly groupSize?: number;
  /** Projections beyond those of the published probe. */
  readonly taps?: readonly OptionalTap[];
}

/** A pipeline whose units can be scaled. */
export interface SteeredPipeline {
  /** Each of its generations needs `scaleUnits` as `extraInputs`. */
  readonly pipeline: Pipeline;
  /** Which units there are. */
  readonly layout: UnitLayout;
  /**
   * The inputs that scale units, or heads, in every pass of a generation, the conditional and the unconditional one; units that
   * are not named keep their factor 1. With all factors 1 images keep every bit.
   *
   * @param factors - By address: 0 ablates a unit, 2 doubles what it gives to its output projection.
   * @throws HeadHooksError `invalid-address`, `invalid-argument`.
   */
  readonly scaleUnits: (factors?: UnitFactors) => SessionTensors;
}

/**
 * Opens a pipeline in which every unit that a probe captures can be multiplied by a factor on its way into the output
 * projection, over whole generations.
 *
 * @throws {FluxRuntimeError} as `buildTransformerModel`; HeadHooksError for a group size that does not fit.
 * @example
 * const { pipeline, scaleUnits } = await openSteeredPipeline(checkpoint);
 * const extraInputs = scaleUnits({ "single.2.head.1": 0, "single.3.mlp[0:16]": 2 });
 * const { image } = await pipeline.generate({ prompt: "a cat", seed: 0, extraInputs });
 * await pipeline.close();
 */
export async function openSteeredPipeline(
  checkpoint: Checkpoint,
  { groupSize = chooseGroupSize(checkpoint), taps = [], ...options }: SteeredPipelineOptions = {},
): Promise<SteeredPipeline> {
  const { model, layout } = hookModel(await buildTransformerModel(checkpoint, options), {
    taps: planTaps(checkpoint, taps),
    groupSize,
    scale: true,
  });
  return {
    pipeline: await openPipeline(checkpoint, { ...options, rewriteGraph: () => model }),
    layout,
    scaleUnits: (factors = {}) => {
      const data = unitFactors(layout, factors);
      return { [layout.scaleInput ?? "scale"]: { type: "float32", data, shape: [data.length] } };
    },
  };
}
