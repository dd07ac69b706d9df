export type { Checkpoint, CheckpointComponent } from "./checkpoint/checkpoint.ts";
export {
  openCheckpoint,
  type ComponentFiles,
  type OpenCheckpointOptions,
} from "./checkpoint/open-checkpoint.ts";
export { chooseTextEncoderLayers } from "./checkpoint/text-encoder-layers.ts";
export { listFingerprintedFiles, type CheckpointFile } from "./checkpoint/list-checkpoint-files.ts";
export type { ModelFolder } from "./checkpoint/checkpoint-files.ts";
export { editCheckpoint, type EditCheckpointOptions, type WeightEdit } from "./checkpoint/edit-checkpoint.ts";
export { openOrMakeCheckpoint } from "./checkpoint/open-or-make-checkpoint.ts";
export type { ComponentWeights } from "./checkpoint/component-weights.ts";
export type { Lora, LoraChoice } from "./lora/lora.ts";
export type { LowRankAdapter, LowRankLayer } from "./graph/low-rank-adapter.ts";
export type { LocatedWeight } from "./checkpoint/located-weight.ts";
export type { WeightEntry } from "./checkpoint/sharded-weights.ts";
export { readTensor, readTensors } from "./checkpoint/read-safetensors.ts";
export type { SafetensorsDtype } from "./checkpoint/safetensors-dtype.ts";
export {
  readSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./checkpoint/safetensors-header.ts";
export {
  writeSafetensors,
  type TensorToWrite,
  type WriteSafetensorsOptions,
} from "./checkpoint/write-safetensors.ts";
export { isFolderLock, lockFolder, type FolderLock } from "./disk/lock-folder.ts";
export { listCacheEntries, removeCacheEntries, type CacheEntry } from "./disk/cache-entries.ts";
export { isUnfinished } from "./disk/sweep-unfinished.ts";
export { writeFileWhole } from "./disk/write-aside.ts";
export { FluxRuntimeError, type FluxRuntimeErrorCode, type FluxRuntimeErrorDetails } from "./errors.ts";
export { cacheFolder } from "./hub/cache-folder.ts";
export type { FolderHolder } from "./disk/wait-for-folder.ts";
export type { PlannedDownload } from "./hub/download-snapshot.ts";
export type { HubRepository } from "./hub/hub-repository.ts";
export { locateCheckpoint, type CheckpointPlace } from "./hub/locate-checkpoint.ts";
export type { NeededParts } from "./hub/needed-files.ts";
export {
  resolveCheckpoint,
  type CheckpointSource,
  type ResolveCheckpointOptions,
  type ResolvedCheckpoint,
} from "./hub/resolve-checkpoint.ts";
export { decodeToImage } from "./image/decode-to-image.ts";
export { prepareConditionImage, type PrepareConditionImageOptions } from "./image/prepare-condition-image.ts";
export { readImage } from "./image/read-image.ts";
export type { RgbImage } from "./image/rgb-image.ts";
export { encodePng, writePng } from "./image/write-png.ts";
export { chooseBatch, type ChooseBatchOptions } from "./machine/choose-batch.ts";
export { chooseDevice, deviceNames, type ChosenDevice, type DeviceName } from "./machine/choose-device.ts";
export type { RunAssumptions, RunEstimate, StageEstimate } from "./machine/estimate-run.ts";
export {
  examineMachine,
  type ExamineMachineOptions,
  type MachineExamination,
} from "./machine/examine-machine.ts";
export type { LibraryRecord } from "./machine/find-libraries.ts";
export type { CheckpointRecord } from "./machine/look-for-checkpoint.ts";
export type { GpuRecord } from "./machine/read-gpus.ts";
export type { AutoencoderConfig } from "./models/autoencoder-config.ts";
export {
  listOutputProjections,
  type OutputProjection,
  type ProjectionInput,
} from "./models/output-projections.ts";
export type { TextEncoderConfig } from "./models/text-encoder-config.ts";
export type { TransformerConfig } from "./models/transformer-config.ts";
export { encodePrompts } from "./pipeline/encode-prompts.ts";
export { drawNoise } from "./pipeline/draw-noise.ts";
export { generate, type GenerateOptions } from "./pipeline/generate.ts";
export type {
  GenerateProgress,
  GenerateResult,
  PipelineGenerateOptions,
  StepEnd,
  StepEndResult,
} from "./pipeline/generation-options.ts";
export { generationPrompts } from "./pipeline/generation-prompts.ts";
export {
  decodeLatents,
  denormalizeLatents,
  encodeImages,
  pixelsPerToken,
  type PackedLatents,
} from "./pipeline/image-latents.ts";
export {
  DEFAULT_MAX_SEQUENCE_LENGTH,
  openTextEncoder,
  type PromptEmbedding,
  type TextEncoder,
  type TextEncoderOptions,
} from "./pipeline/open-text-encoder.ts";
export type { RotaryFrequencies } from "./pipeline/text-rotary-embedding.ts";
export { openPipeline } from "./pipeline/open-pipeline.ts";
export type {
  ManyPrompts,
  OnePrompt,
  Pipeline,
  PipelineCallOptions,
  PipelineOptions,
} from "./pipeline/pipeline.ts";
export {
  buildTransformerModel,
  openTransformer,
  type Transformer,
  type TransformerModelOptions,
  type TransformerOptions,
  type TransformerResult,
} from "./pipeline/open-transformer.ts";
export { tokenGrid } from "./pipeline/token-grid.ts";
export { tokenLayout, type TokenLayout, type TransformerPass } from "./pipeline/transformer-pass.ts";
export type { OnProgress, Progress } from "./progress.ts";
export { eulerStep, type EulerStepOptions } from "./sampling/euler-step.ts";
export {
  createFlowMatchSchedule,
  type FlowMatchSchedule,
  type FlowMatchScheduleOptions,
} from "./sampling/flow-match-schedule.ts";
export type { LatentSize } from "./sampling/latent-layout.ts";
export { roundTimestep } from "./sampling/round-timestep.ts";
export { scaleNoise, type ScaleNoiseOptions } from "./sampling/scale-noise.ts";
export type { SchedulerConfig } from "./sampling/scheduler-config.ts";
export { createTorchGenerator, type TorchGenerator } from "./sampling/torch-generator.ts";
export { checkDevice, type DeviceCheck } from "./machine/check-device.ts";
export { chooseComputeType } from "./session/choose-compute-type.ts";
export { defaultThreads, type DefaultThreadsOptions } from "./session/default-threads.ts";
export type { ComputeType } from "./graph/element-type.ts";
export { chooseWeights } from "./session/choose-weights.ts";
export type { Device } from "./session/device.ts";
export type { RuntimeOptions } from "./session/model-session.ts";
export type { NodePlacement } from "./session/node-placement.ts";
export type { ProcessMemory } from "./session/process-memory.ts";
export type { SessionTensor, SessionTensors } from "./session/session-protocol.ts";
export { checkpointSpecNames, getCheckpointSpec, type CheckpointSpec } from "./synthesis/checkpoint-spec.ts";
export { randomizeCheckpoint } from "./synthesis/randomize-checkpoint.ts";
export { synthesizeCheckpoint } from "./synthesis/synthesize-checkpoint.ts";
export type { RandomCheckpointOptions } from "./synthesis/write-random-checkpoint.ts";
export type { Tensor } from "./tensor.ts";
export {
  createTokenizer,
  type EncodedPrompt,
  type EncodePromptOptions,
  type Tokenizer,
} from "./text/tokenizer.ts";
