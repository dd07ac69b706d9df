import { type NodeProto, TensorProto_DataType } from "onnx-buf";
import { integer, NodeTape, type ValueName } from "./node-tape.ts";
import type { SelectedTap } from "./select-taps.ts";

/** Nodes to insert and the node of the model that they follow (−1 for the head of the list). */
export interface NodeRun {
  readonly after: number;
  readonly nodes: readonly NodeProto[];
}

/** Settings of the capture graph. */
export interface MeanSquareOptions {
  readonly groupSize: number;
  readonly outputName: string;
  readonly opset: number;
  /** The value whose first axis is the batch, where the tapped tensors do not have the axis themselves. */
  readonly batchInput: string | undefined;
  /** The position after which each value exists: its producer's index, −1 for graph inputs and initializers. */
  readonly producerIndex: (value: ValueName) => number;
  readonly nodeCount: number;
}

/**
 * Write the nodes that capture mean squares per group of channels.
 *
 * Axes: B batch, S tokens, C channels, G groups, g channels per group, K segments. Per tap, right after the tapped
 * tensor x [B, S, C] exists: view as [B, S, G, g], sum of squares over g → [B, S, G], then
 * - whole: mean over S → [B, G]; at the end of the list divided by g,
 * - segments: tokens outside a segment set to 0 → [B, K, S, G], sum over S → [B, K, G]; at the end divided by the
 *   segment's tokens · g.
 *
 * The squares are summed over g first because that reads x once, in order, and leaves a tensor 1/g of its size; no
 * matrix product is used, since CUDA may round its operands to TF32.
 *
 * **Order.** ONNX Runtime walks depth-first from the outputs and, among a node's inputs, takes the one with the
 * highest index first. The final divisions therefore stand at the end of the list, the last tap's first: the Concat
 * behind them asks for the first tap, whose walk runs the model up to there, then for the second, and so on. So each
 * tapped tensor is reduced before the next layer runs, and none stays alive. Runtimes that run nodes in list order
 * do the same, since the reductions stand right behind what they reduce.
 */
export function meanSquareNodes(taps: readonly SelectedTap[], options: MeanSquareOptions): NodeRun[] {
  const { groupSize, outputName, opset, producerIndex, nodeCount } = options;
  const head = new NodeTape(outputName, opset);
  const channelsPerUnit = head.float32("group_size", groupSize);
  const runs: NodeRun[] = [{ after: -1, nodes: head.nodes }];

  const batchAt = options.batchInput === undefined ? -1 : producerIndex(options.batchInput);
  const batchTape = new NodeTape(`${outputName}/batch`, opset);
  const batch = options.batchInput === undefined ? undefined : batchSize(batchTape, options.batchInput);
  runs.push({ after: batchAt, nodes: batchTape.nodes });

  const streams = new Map<string, SegmentMask>();
  const divisions: NodeProto[] = [];
  const inGraphOrder = taps
    .map((tap, index) => ({ tap, index, after: Math.max(batchAt, producerIndex(tap.projection.input)) }))
    .sort((a, b) => a.after - b.after || a.index - b.index);
  for (const { tap, index, after } of inGraphOrder) {
    const tape = new NodeTape(`${outputName}/${index}`, opset);
    const end = new NodeTape(`${outputName}/${index}`, opset);
    const squares = groupSquares(tape, tap, groupSize, batch); // [B, S, G]
    if (tap.segmentsInput === null) {
      const mean = tape.reduce("token_mean", "ReduceMean", squares, 1); // [B, G]
      end.op("mean_square", "Div", [mean, channelsPerUnit]);
    } else {
      let stream = streams.get(tap.segmentsInput);
      if (stream === undefined) {
        const masking = new NodeTape(`${outputName}/segments/${tap.segmentsInput}`, opset);
        stream = segmentMask(masking, squares, tap.segmentsInput, channelsPerUnit);
        streams.set(tap.segmentsInput, stream);
        tape.nodes.push(...masking.nodes);
      }
      const sum = segmentSums(tape, squares, stream, tap.projection.inputChannels / groupSize); // [B, K, G]
      end.op("mean_square", "Div", [sum, stream.channels]);
    }
    runs.push({ after, nodes: tape.nodes });
    divisions.unshift(...end.nodes);
  }

  const last = new NodeTape(outputName, opset);
  const units = taps.map((_, index) => `${outputName}/${index}/mean_square`);
  const axis = streams.size === 0 ? 1 : 2;
  last.op("units", "Concat", units, [integer("axis", axis)], outputName);
  return [...runs, { after: nodeCount - 1, nodes: [...divisions, ...last.nodes] }];
}

/** The first axis of a value: int64 [1]. */
function batchSize(tape: NodeTape, value: ValueName): ValueName {
  return tape.op("size", "Gather", [tape.op("shape", "Shape", [value]), tape.int64("axis", [0])]);
}

/** Sums of squares per group: x [B, S, C], or [B·S, C] with a batch size, → [B, S, G] in float32. */
function groupSquares(
  tape: NodeTape,
  { projection }: SelectedTap,
  groupSize: number,
  batch: ValueName | undefined,
): ValueName {
  const groups = projection.inputChannels / groupSize;
  const x =
    projection.elementType === "float32"
      ? projection.input
      : tape.cast("float32", projection.input, TensorProto_DataType.FLOAT);
  // Copying both leading axes makes the shape fail on a tensor that is not [B, S, C], where -1 would take any.
  const shape =
    batch === undefined
      ? tape.int64("groups/shape", [0, 0, groups, groupSize])
      : tape.op(
          "groups/shape",
          "Concat",
          [batch, tape.int64("groups/rest", [-1, groups, groupSize])],
          [integer("axis", 0)],
        );
  const grouped = tape.op("groups", "Reshape", [x, shape]); // [B, S, G, g]
  return tape.reduce("sum_square", "ReduceSumSquare", grouped, 3);
}

/** Sums over the tokens of each segment: squares [B, S, G] → [B, K, G]. */
function segmentSums(tape: NodeTape, squares: ValueName, stream: SegmentMask, groups: number): ValueName {
  // The stream's own token count makes the shape fail on a tap of another length, which would broadcast if 1.
  const sizes = [
    tape.int64("per_segment/first", [0, 1]),
    stream.tokens,
    tape.int64("per_segment/last", [groups]),
  ];
  const shape = tape.op("per_segment/shape", "Concat", sizes, [integer("axis", 0)]);
  const wide = tape.op("per_segment", "Reshape", [squares, shape]); // [B, 1, S, G]
  const kept = tape.op("inside", "Where", [stream.inside, wide, tape.float32("zero", 0)]); // [B, K, S, G]
  return tape.reduce("token_sum", "ReduceSum", kept, 2);
}

/** A stream of tokens cut into segments. */
interface SegmentMask {
  /** Which tokens lie inside each segment: bool [K, S, 1]. */
  readonly inside: ValueName;
  /** How many channels a unit sums in each segment, at least one token's, so that an empty one gives 0: [K, 1]. */
  readonly channels: ValueName;
  /** The number of tokens: int64 [1]. */
  readonly tokens: ValueName;
}

/** Cut the tokens of squares [B, S, G] by the ranges of an int64 input [K, 2]. */
function segmentMask(
  tape: NodeTape,
  squares: ValueName,
  ranges: ValueName,
  channelsPerUnit: ValueName,
): SegmentMask {
  const shape = tape.op("shape", "Shape", [squares]);
  const size = tape.op("token_count", "Gather", [shape, tape.int64("token_axis", 1)]);
  const positions = tape.op("positions", "Range", [tape.int64("first", 0), size, tape.int64("step", 1)]); // [S]
  const starts = tape.op("starts", "Gather", [ranges, tape.int64("start", [0])], [integer("axis", 1)]); // [K, 1]
  const stops = tape.op("stops", "Gather", [ranges, tape.int64("stop", [1])], [integer("axis", 1)]); // [K, 1]
  const before = tape.op("before_start", "Less", [positions, starts]); // [K, S]
  const notBefore = tape.op("from_start", "Not", [before]);
  const inside = tape.op("inside", "And", [notBefore, tape.op("before_stop", "Less", [positions, stops])]);
  const perToken = tape.op("inside/per_token", "Reshape", [inside, tape.int64("inside/shape", [0, -1, 1])]);
  const counted = tape.cast("inside/float32", perToken, TensorProto_DataType.FLOAT);
  const counts = tape.op("counts", "Max", [
    tape.reduce("inside/count", "ReduceSum", counted, 1),
    tape.float32("one", 1),
  ]);
  return {
    inside: perToken,
    channels: tape.op("channels", "Mul", [counts, channelsPerUnit]),
    tokens: tape.op("token_count/shape", "Gather", [shape, tape.int64("token_axis/shape", [1])]),
  };
}
