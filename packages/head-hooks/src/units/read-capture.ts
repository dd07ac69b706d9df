import { HeadHooksError } from "../head-hooks-error.ts";
import { type CapturedValues, requireUnits } from "./head-mean-squares.ts";
import type { UnitLayout } from "./unit-layout.ts";

/** One output of a model as runtimes give it: ONNX Runtime calls its axes `dims`, others `shape`. */
export type ModelOutput =
  | { readonly data: unknown; readonly dims: readonly number[] }
  | { readonly data: unknown; readonly shape: readonly number[] };

/**
 * What a hooked model captured in one run: the layout's output among the outputs of the run, checked.
 *
 * @param outputs as the runtime gave them, by name.
 * @returns [..., units], in the order of `unitRecords`; the data are those of the output, not a copy.
 * @throws HeadHooksError `shape-mismatch` if the output is not there, is not float32, or is not of the layout's units.
 * @example
 * ```ts
 * const captured = readCapture(await session.run(feeds), layout);
 * const heads = headReductions(captured, layout); // [..., heads]
 * ```
 */
export function readCapture(
  outputs: Readonly<Record<string, ModelOutput>>,
  layout: UnitLayout,
): CapturedValues<Float32Array> {
  const captured = readOutput(outputs, layout.outputName);
  requireUnits(captured, layout);
  return captured;
}

/**
 * The channel means of one run of a model that was hooked with `channelMeans`, checked.
 *
 * @param outputs as the runtime gave them, by name.
 * @returns [B, channels], unit u's from u · `layout.groupSize` on; the data are those of the output, not a copy.
 * @throws HeadHooksError `shape-mismatch` if the model was hooked without them, or the output is not there, is not
 *   float32, or is not of the layout's channels.
 * @example
 * ```ts
 * const { model, layout } = hookModel(bytes, { channelMeans: true });
 * const means = readChannelMeans(await session.run(feeds), layout); // [B, layout.unitCount * layout.groupSize]
 * ```
 */
export function readChannelMeans(
  outputs: Readonly<Record<string, ModelOutput>>,
  { channelMeansOutput, unitCount, groupSize }: UnitLayout,
): CapturedValues<Float32Array> {
  if (channelMeansOutput === undefined) {
    throw new HeadHooksError(
      "shape-mismatch",
      "the layout has no channel means; hook the model with `channelMeans`",
    );
  }
  const means = readOutput(outputs, channelMeansOutput);
  const channels = unitCount * groupSize;
  const size = means.shape.reduce((product, axis) => product * axis, 1);
  if (means.shape.at(-1) === channels && size === means.data.length) return means;
  throw new HeadHooksError(
    "shape-mismatch",
    `expected [B, ${channels} channels]; received [${means.shape.join(", ")}] with ${means.data.length} values`,
    { expected: channels, received: [...means.shape] },
  );
}

/** An output of a run by its name. @throws HeadHooksError `shape-mismatch` if it is not there, or is not float32. */
export function readOutput(
  outputs: Readonly<Record<string, ModelOutput>>,
  outputName: string,
): CapturedValues<Float32Array> {
  const output = outputs[outputName];
  if (output === undefined || !(output.data instanceof Float32Array)) {
    const names = Object.keys(outputs);
    const received = output === undefined ? `only ${names.join(", ") || "none"}` : "another type";
    throw new HeadHooksError(
      "shape-mismatch",
      `expected the run to give ${outputName} as float32; received ${received}. Run the hooked model, and fetch that output`,
      { outputName, names },
    );
  }
  return { data: output.data, shape: "dims" in output ? output.dims : output.shape };
}
