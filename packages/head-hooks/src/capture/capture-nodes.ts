import { type NodeProto, TensorProto_DataType } from "onnx-buf";
import { integer, integers, type NodeRun, NodeTape, type ValueName } from "../graph/node-tape.ts";
import type { RangeType } from "../hook/hook-options.ts";
import type { Reduction } from "../units/reductions.ts";
import type { SelectedTap } from "./selected-tap.ts";
import { streamShape, type TokenStream, tokenStream } from "./token-streams.ts";

/** A tap and the tensor that it reads. */
export interface PlacedTap extends SelectedTap {
  /** The tensor [B, S, C] or [B, S, heads, channels of a head], or what `batchInput` makes of the tapped one. */
  readonly source: ValueName;
  /** Whether its first axis, or of its rows the outer one, is the tokens, not the batch. */
  readonly isTokensFirst: boolean;
}

/** Settings of the capture graph. */
export interface CaptureOptions {
  readonly groupSize: number;
  readonly outputName: string;
  readonly opset: number;
  readonly reduction: Reduction;
  /** Whether each token keeps values of its own. */
  readonly isPerToken: boolean;
  /** The output that holds the mean over all tokens of every channel; `undefined` if there is none. */
  readonly channelMeans: ValueName | undefined;
  /** The value whose first axis is the batch, where the tapped tensors do not have the axis themselves. */
  readonly batchInput: string | undefined;
  /** The type of token ranges. */
  readonly rangeType: RangeType;
  /** The position after which each value exists: its producer's index, −1 for graph inputs and initializers. */
  readonly producerIndex: (value: ValueName) => number;
  readonly nodeCount: number;
}

/** The operators that reduce a unit's channels, and then its tokens where all of them count. */
const OPERATORS = {
  meanSquare: { channels: "ReduceSumSquare", tokens: "ReduceMean", kept: "ReduceSum" },
  rms: { channels: "ReduceSumSquare", tokens: "ReduceMean", kept: "ReduceSum" },
  mean: { channels: "ReduceSum", tokens: "ReduceMean", kept: "ReduceSum" },
  absMax: { channels: "ReduceMax", tokens: "ReduceMax", kept: "ReduceMax" },
} as const;

/**
 * Write the nodes that capture a reduction per group of channels.
 *
 * Axes: B batch, S tokens, C channels, G groups, g channels per group, K segments. Per tap, right after the tapped
 * tensor x [B, S, C] exists: view as [B, S, G, g], reduce over g → [B, S, G] (sum of squares, sum, or maximum of
 * |x|), then
 * - whole: mean or maximum over S → [B, G]; at the end of the list divided by g,
 * - segments, mask: tokens that do not count set to 0, sum or maximum over S → [B, K, G] or [B, G]; at the end
 *   divided by the tokens that count · g,
 * - per token: at the end divided by g → [B, S, G].
 *
 * g is reduced first because that reads x once, in order, and leaves a tensor 1/g of its size; no matrix product is
 * used, since CUDA may round its operands to TF32.
 *
 * The channel means, if asked for, are reduced from the same x: mean over S → [B, C].
 *
 * **Order.** ONNX Runtime walks depth-first from the outputs and, among a node's inputs, takes the one with the
 * highest index first. The final divisions therefore stand at the end of the list, the last tap's first: the Concat
 * behind them asks for the first tap, whose walk runs the model up to there, then for the second, and so on. So each
 * tapped tensor is reduced before the next layer runs, and none stays alive. Runtimes that run nodes in list order
 * do the same, since the reductions stand right behind what they reduce. The walk from a second output would only
 * begin when that one is over, with every tapped tensor still alive: a unit's last step therefore takes a value of its
 * tap's channel means, which it does not use.
 */
export function captureNodes(taps: readonly PlacedTap[], options: CaptureOptions): NodeRun[] {
  const { groupSize, outputName, opset, isPerToken, reduction, channelMeans, rangeType } = options;
  const { producerIndex, nodeCount } = options;
  const head = new NodeTape(outputName, opset);
  const channelsPerUnit = head.float32("group_size", groupSize);
  const runs: NodeRun[] = [{ after: -1, nodes: head.nodes }];

  const batchAt = options.batchInput === undefined ? -1 : producerIndex(options.batchInput);
  const batchTape = new NodeTape(`${outputName}/batch`, opset);
  const batch = options.batchInput === undefined ? undefined : batchSize(batchTape, options.batchInput);
  runs.push({ after: batchAt, nodes: batchTape.nodes });

  const streams = new Map<string, TokenStream>();
  const shapes = new Map<string, ValueName>();
  const ends: NodeProto[] = [];
  const inGraphOrder = taps
    .map((tap, index) => ({ tap, index, after: Math.max(batchAt, producerIndex(tap.source)) }))
    .sort((a, b) => a.after - b.after || a.index - b.index);
  for (const { tap, index, after } of inGraphOrder) {
    const tape = new NodeTape(`${outputName}/${index}`, opset);
    const end = new NodeTape(`${outputName}/${index}`, opset);
    const x = readTapped(tape, tap);
    const perToken = reduceChannels(tape, x, tap, options, batch); // [B, S, G]
    const { segmentsInput: segments, maskInput: mask } = tap;
    const axes = isPerToken || segments !== null ? 3 : 2;
    const together = (reduced: ValueName): ValueName =>
      channelMeans === undefined
        ? reduced
        : waitFor(tape, reduced, axes, meanOverTokens(tape, x, tap, batch)); // of the same shape
    if (segments === null && mask === null) {
      const reduced = isPerToken
        ? perToken
        : tape.reduce("token_mean", OPERATORS[reduction].tokens, perToken, 1);
      finish(end, reduction, together(reduced), channelsPerUnit);
    } else {
      const key = mask === null ? `segments/${segments ?? ""}` : `tokens/${segments ?? ""}/${mask}`;
      let stream = streams.get(key);
      if (stream === undefined) {
        const choosing = new NodeTape(`${outputName}/${key}`, opset);
        stream = tokenStream(choosing, perToken, { segments, mask, rangeType }, channelsPerUnit);
        streams.set(key, stream);
        tape.nodes.push(...choosing.nodes);
      }
      const groups = tap.projection.inputChannels / groupSize;
      let shape = shapes.get(`${key}/${groups}`);
      if (shape === undefined) {
        const measuring = new NodeTape(`${outputName}/${key}/${groups}`, opset);
        shape = streamShape(measuring, stream, groups);
        shapes.set(`${key}/${groups}`, shape);
        tape.nodes.push(...measuring.nodes);
      }
      const kept = keepTokens(tape, perToken, stream, shape);
      if (isPerToken) finish(end, reduction, together(kept), channelsPerUnit);
      else {
        const reduced = tape.reduce("token_sum", OPERATORS[reduction].kept, kept, stream.hasSegments ? 2 : 1);
        finish(end, reduction, together(reduced), stream.values); // [B, K, G] or [B, G]
      }
    }
    runs.push({ after, nodes: tape.nodes });
    ends.unshift(...end.nodes);
  }

  const last = new NodeTape(outputName, opset);
  if (channelMeans !== undefined) {
    const means = taps.map((_, index) => `${outputName}/${index}/${CHANNEL_MEAN}`);
    last.op("channel_means", "Concat", means, [integer("axis", 1)], channelMeans);
  }
  const units = taps.map((_, index) => `${outputName}/${index}/${OUTPUT_LABELS[reduction]}`);
  const isFlat = !isPerToken && taps.every(({ segmentsInput }) => segmentsInput === null);
  last.op("units", "Concat", units, [integer("axis", isFlat ? 1 : 2)], outputName);
  return [...runs, { after: nodeCount - 1, nodes: [...ends, ...last.nodes] }];
}

/** What the last node of a tap is called. */
const OUTPUT_LABELS: Readonly<Record<Reduction, string>> = {
  meanSquare: "mean_square",
  rms: "root",
  mean: "mean",
  absMax: "maximum",
};

/** What the node is called that gives a tap's channel means. */
const CHANNEL_MEAN = "channel_mean";

/** The last step of a tap, which stands at the end of the list. */
function finish(tape: NodeTape, reduction: Reduction, reduced: ValueName, values: ValueName): void {
  const label = OUTPUT_LABELS[reduction];
  // A maximum of no tokens is −∞, of magnitudes 0. The node also keeps the order; no optimizer takes it out.
  if (reduction === "absMax") tape.op(label, "Max", [reduced, tape.float32("least", 0)]);
  else if (reduction === "rms") tape.op(label, "Sqrt", [tape.op("mean_square", "Div", [reduced, values])]);
  else tape.op(label, "Div", [reduced, values]);
}

/** The first axis of a value: int64 [1]. */
function batchSize(tape: NodeTape, value: ValueName): ValueName {
  return tape.op("size", "Gather", [tape.op("shape", "Shape", [value]), tape.int64("axis", [0])]);
}

/** The tapped tensor in float32. */
function readTapped(tape: NodeTape, { projection, source }: PlacedTap): ValueName {
  const { quantization } = projection;
  const dequantized =
    quantization === null
      ? source
      : tape.op("dequantized", "DequantizeLinear", [
          source,
          quantization.scale,
          ...(quantization.zeroPoint === "" ? [] : [quantization.zeroPoint]),
        ]);
  return projection.elementType === "float32"
    ? dequantized
    : tape.cast("float32", dequantized, TensorProto_DataType.FLOAT);
}

/** View [B, S, C], [S, B, C], or rows of either with a batch size, as [B, S, ...channels] or [S, B, ...channels]. */
function viewChannels(
  tape: NodeTape,
  x: ValueName,
  { label, channels }: { readonly label: string; readonly channels: readonly number[] },
  { isTokensFirst }: PlacedTap,
  batch: ValueName | undefined,
): ValueName {
  // Copying both leading axes makes the shape fail on a tensor that is not [B, S, C], where -1 would take any.
  const shape =
    batch === undefined
      ? tape.int64(`${label}/shape`, [0, 0, ...channels])
      : tape.op(
          `${label}/shape`,
          "Concat",
          isTokensFirst
            ? [tape.int64(`${label}/tokens`, [-1]), batch, tape.int64(`${label}/rest`, channels)]
            : [batch, tape.int64(`${label}/rest`, [-1, ...channels])],
          [integer("axis", 0)],
        );
  return tape.op(label, "Reshape", [x, shape]);
}

/** Reduce each group's channels: x [B, S, C], [S, B, C], or rows of either with a batch size, → [B, S, G] in float32. */
function reduceChannels(
  tape: NodeTape,
  x: ValueName,
  tap: PlacedTap,
  { groupSize, reduction }: CaptureOptions,
  batch: ValueName | undefined,
): ValueName {
  const channels = [tap.projection.inputChannels / groupSize, groupSize];
  const grouped = viewChannels(tape, x, { label: "groups", channels }, tap, batch); // [B, S, G, g]
  const values = reduction === "absMax" ? tape.op("magnitude", "Abs", [grouped]) : grouped;
  const label = reduction === "mean" ? "sum" : reduction === "absMax" ? "channel_maximum" : "sum_square";
  const reduced = tape.reduce(label, OPERATORS[reduction].channels, values, 3); // [B, S, G], or [S, B, G]
  return tap.isTokensFirst
    ? tape.op("batch_first", "Transpose", [reduced], [integers("perm", [1, 0, 2])])
    : reduced;
}

/** Reduce the tokens of each channel: x as above → [B, C]. */
function meanOverTokens(
  tape: NodeTape,
  x: ValueName,
  tap: PlacedTap,
  batch: ValueName | undefined,
): ValueName {
  const view = { label: "channels", channels: [tap.projection.inputChannels] };
  const perToken = viewChannels(tape, x, view, tap, batch); // [B, S, C], or [S, B, C]
  return tape.reduce(CHANNEL_MEAN, "ReduceMean", perToken, tap.isTokensFirst ? 0 : 1);
}

/** A value as it is, of two or three axes, once the channel means [B, C] are there: it has their first one to choose from. */
function waitFor(tape: NodeTape, value: ValueName, axes: 2 | 3, channelMean: ValueName): ValueName {
  const place = tape.int64("first/place", [0]);
  const first = tape.op("first", "Gather", [channelMean, place], [integer("axis", 1)]); // [B, 1]
  const other = axes === 2 ? first : tape.unsqueeze("first/wide", first, [1]); // [B, 1, 1]
  return tape.op("together", "Where", [tape.bool("always", true), value, other]);
}

/** Set tokens that do not count to 0: [B, S, G] → [B, K, S, G] with segments, [B, S, G] without. */
function keepTokens(tape: NodeTape, perToken: ValueName, stream: TokenStream, shape: ValueName): ValueName {
  const checked = tape.op("per_segment", "Reshape", [perToken, shape]); // [B, S, G]
  const wide = stream.hasSegments ? tape.unsqueeze("per_segment/wide", checked, [1]) : checked; // [B, 1, S, G]
  return tape.op("inside", "Where", [stream.inside, wide, tape.float32("zero", 0)]);
}
