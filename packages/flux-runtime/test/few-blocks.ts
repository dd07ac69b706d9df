import { getCheckpointSpec, type CheckpointSpec } from "../src/synthesis/checkpoint-spec.ts";

const tiny = getCheckpointSpec("tiny");

/**
 * All parts of FLUX.2 Klein, and few of each: what is tested on these sizes takes half the time that it takes with `tiny`'s 25
 * blocks and 28 layers. Prompts are read with the option `textEncoderLayers: [1, 2, 3]`.
 */
export const fewBlocks: CheckpointSpec = {
  ...tiny,
  transformer: { ...tiny.transformer, jointBlocks: 1, singleBlocks: 1 },
  textEncoder: { ...tiny.textEncoder, layers: 3 },
};
