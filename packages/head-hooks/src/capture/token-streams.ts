import { TensorProto_DataType } from "onnx-buf";
import type { RangeType } from "../hook/hook-options.ts";
import { integer, type NodeTape, type ValueName } from "../graph/node-tape.ts";

/** Tokens of which some count: those inside a segment, or those that a mask keeps, or both. */
export interface TokenStream {
  /** Which tokens count: bool [K, S, 1] with segments, [B, S, 1] with a mask, [B, K, S, 1] with both. */
  readonly inside: ValueName;
  /** How many values a unit sums, at least one token's, so that none gives 0: [K, 1], [B, 1], [B, K, 1]. */
  readonly values: ValueName;
  /** A tensor without elements that has the stream's tokens: [0, S, 1]. */
  readonly room: ValueName;
  readonly hasSegments: boolean;
}

/** Where a stream's tokens are told to count: graph inputs, `null` where there is none. */
export interface StreamInputs {
  /** [K, 2] of the range type, rows `[start, stop)`. */
  readonly segments: ValueName | null;
  readonly rangeType: RangeType;
  /** [B, S], or longer with the tokens last, of any type that casts to bool. */
  readonly mask: ValueName | null;
}

/**
 * Write the nodes that say which tokens of a stream count.
 *
 * Axes: B batch, S tokens, G groups, K segments.
 *
 * @param perToken a tensor [B, S, G] of the stream, for its token count.
 * @param valuesPerToken how many values a unit has at each token: float32 scalar.
 */
export function tokenStream(
  tape: NodeTape,
  perToken: ValueName,
  { segments, mask, rangeType }: StreamInputs,
  valuesPerToken: ValueName,
): TokenStream {
  const tokens = tape.axisLength("token_count", perToken, 1); // [1]
  const places = tape.positions("positions", tokens, mask === null ? rangeType : "int64"); // [S]
  const positions =
    mask === null || rangeType === "int64"
      ? places
      : tape.cast("positions/float32", places, TensorProto_DataType.FLOAT);
  const inSegments = segments === null ? undefined : segmentTokens(tape, positions, segments); // [K, S, 1]
  const kept = mask === null ? undefined : keptTokens(tape, places, tokens, mask, inSegments !== undefined);
  const inside =
    inSegments !== undefined && kept !== undefined
      ? tape.op("inside/kept", "And", [inSegments, kept]) // [B, K, S, 1]
      : (inSegments ?? kept ?? "");
  const counted = tape.cast("inside/float32", inside, TensorProto_DataType.FLOAT);
  const tokenAxis = inSegments !== undefined && kept !== undefined ? 2 : 1;
  const count = tape.reduce("inside/count", "ReduceSum", counted, tokenAxis);
  const counts = tape.op("counts", "Max", [count, tape.float32("one", 1)]);
  const values = tape.op("channels", "Mul", [counts, valuesPerToken]);
  const row = tape.unsqueeze("row", positions, [0, 2]); // [1, S, 1]
  return { inside, values, room: tape.slice("room", row, 0, 0), hasSegments: inSegments !== undefined };
}

/**
 * Write the nodes that give the shape for what a tap of a stream holds per token: int64 [0, S, G].
 *
 * A Reshape to it copies the batch axis and fails where a tap has other tokens than the stream, which would broadcast
 * if it has one. It is the shape of a tensor without elements, not joined from numbers, because CUDA sessions leave
 * every node that computes with a shape to the CPU; a Shape that a Reshape reads stays. The token axis keeps its place,
 * so that a stream without tokens, whose 0 copies the axis too, fits a tap without tokens.
 */
export function streamShape(tape: NodeTape, { room }: TokenStream, groups: number): ValueName {
  const wide = tape.op("room/wide", "Expand", [room, tape.int64("room/groups", [1, 1, groups])]);
  return tape.op("room/shape", "Shape", [wide]);
}

/** Which tokens lie inside each range [K, 2], which is of the positions' type: bool [K, S, 1]. */
function segmentTokens(tape: NodeTape, positions: ValueName, ranges: ValueName): ValueName {
  const starts = tape.op("starts", "Gather", [ranges, tape.int64("start", [0])], [integer("axis", 1)]); // [K, 1]
  const stops = tape.op("stops", "Gather", [ranges, tape.int64("stop", [1])], [integer("axis", 1)]); // [K, 1]
  const before = tape.op("before_start", "Less", [positions, starts]); // [K, S]
  const notBefore = tape.op("from_start", "Not", [before]);
  const inside = tape.op("inside", "And", [notBefore, tape.op("before_stop", "Less", [positions, stops])]);
  return tape.unsqueeze("inside/per_token", inside, [2]);
}

/**
 * Which tokens a mask keeps: bool [B, S, 1], or [B, 1, S, 1] to stand beside segments. Of a mask [B, T] with T > S, as
 * a key-value cache makes it, the last S entries count.
 */
function keptTokens(
  tape: NodeTape,
  positions: ValueName,
  tokens: ValueName,
  mask: ValueName,
  isBesideSegments: boolean,
): ValueName {
  // Places from −S to −1 count from the end; where the mask is too short, the first is out of bounds.
  const places = tape.op("kept/places", "Sub", [positions, tokens]);
  const entries = tape.op("kept/entries", "Gather", [mask, places], [integer("axis", 1)]); // [B, S]
  const kept = tape.cast("kept/bool", entries, TensorProto_DataType.BOOL);
  return tape.unsqueeze("kept", kept, isBesideSegments ? [1, 3] : [2]);
}
