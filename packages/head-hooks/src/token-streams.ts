import { TensorProto_DataType } from "onnx-buf";
import { integer, type NodeTape, type ValueName } from "./node-tape.ts";

/** Tokens of which some count: those inside a segment, or those that a mask keeps, or both. */
export interface TokenStream {
  /** Which tokens count: bool [K, S, 1] with segments, [B, S, 1] with a mask, [B, K, S, 1] with both. */
  readonly inside: ValueName;
  /** How many values a unit sums, at least one token's, so that none gives 0: [K, 1], [B, 1], [B, K, 1]. */
  readonly values: ValueName;
  /** The number of tokens: int64 [1]. */
  readonly tokens: ValueName;
  readonly hasSegments: boolean;
}

/** Where a stream's tokens are told to count: graph inputs, `null` where there is none. */
export interface StreamInputs {
  /** int64 [K, 2], rows `[start, stop)`. */
  readonly segments: ValueName | null;
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
  { segments, mask }: StreamInputs,
  valuesPerToken: ValueName,
): TokenStream {
  const shape = tape.op("shape", "Shape", [perToken]);
  const tokens = tape.op("token_count/shape", "Gather", [shape, tape.int64("token_axis/shape", [1])]); // [1]
  const inSegments = segments === null ? undefined : segmentTokens(tape, shape, segments); // [K, S, 1]
  const kept = mask === null ? undefined : keptTokens(tape, shape, mask, inSegments !== undefined);
  const inside =
    inSegments !== undefined && kept !== undefined
      ? tape.op("inside/kept", "And", [inSegments, kept]) // [B, K, S, 1]
      : (inSegments ?? kept ?? "");
  const counted = tape.cast("inside/float32", inside, TensorProto_DataType.FLOAT);
  const tokenAxis = inSegments !== undefined && kept !== undefined ? 2 : 1;
  const count = tape.reduce("inside/count", "ReduceSum", counted, tokenAxis);
  const counts = tape.op("counts", "Max", [count, tape.float32("one", 1)]);
  const values = tape.op("channels", "Mul", [counts, valuesPerToken]);
  return { inside, values, tokens, hasSegments: inSegments !== undefined };
}

/** Which tokens lie inside each range of an int64 input [K, 2]: bool [K, S, 1]. */
function segmentTokens(tape: NodeTape, shape: ValueName, ranges: ValueName): ValueName {
  const size = tape.op("token_count", "Gather", [shape, tape.int64("token_axis", 1)]);
  const positions = tape.range("positions", size); // [S]
  const starts = tape.op("starts", "Gather", [ranges, tape.int64("start", [0])], [integer("axis", 1)]); // [K, 1]
  const stops = tape.op("stops", "Gather", [ranges, tape.int64("stop", [1])], [integer("axis", 1)]); // [K, 1]
  const before = tape.op("before_start", "Less", [positions, starts]); // [K, S]
  const notBefore = tape.op("from_start", "Not", [before]);
  const inside = tape.op("inside", "And", [notBefore, tape.op("before_stop", "Less", [positions, stops])]);
  return tape.op("inside/per_token", "Reshape", [inside, tape.int64("inside/shape", [0, -1, 1])]);
}

/**
 * Which tokens a mask keeps: bool [B, S, 1], or [B, 1, S, 1] to stand beside segments. Of a mask [B, T] with T > S, as
 * a key-value cache makes it, the last S entries count.
 */
function keptTokens(tape: NodeTape, shape: ValueName, mask: ValueName, isBesideSegments: boolean): ValueName {
  const tokens = tape.op("kept/tokens", "Gather", [shape, tape.int64("kept/token_axis", 1)]);
  const masked = tape.op("kept/mask_shape", "Shape", [mask]);
  const length = tape.op("kept/length", "Gather", [masked, tape.int64("kept/length_axis", 1)]);
  const surplus = tape.op("kept/surplus", "Sub", [length, tokens]);
  const places = tape.op("kept/places", "Add", [tape.range("kept/range", tokens), surplus]);
  // Where the mask is too short a place is negative, which would count from the end: T is out of bounds instead.
  const isMissing = tape.op("kept/missing", "Less", [places, tape.int64("kept/zero", 0)]);
  const sure = tape.op("kept/sure", "Where", [isMissing, length, places]);
  const entries = tape.op("kept/entries", "Gather", [mask, sure], [integer("axis", 1)]); // [B, S]
  const kept = tape.cast("kept/bool", entries, TensorProto_DataType.BOOL);
  const axes = isBesideSegments ? [0, 1, -1, 1] : [0, -1, 1];
  return tape.op("kept", "Reshape", [kept, tape.int64("kept/shape", axes)]);
}
