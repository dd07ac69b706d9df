/** What went wrong, for programs; the message says it to people. */
export type HeadHooksErrorCode =
  /** An argument of a call is of the wrong kind, size or range. */
  | "invalid-argument"
  /** A text is no address, or names no unit or head of the layout. */
  | "invalid-address"
  /** The bytes are no ONNX model, or one that contradicts itself. */
  | "malformed-model"
  /** The hooked model would be larger than a protobuf message may be. */
  | "model-too-large"
  /** The model's operator set is older than the taps need. */
  | "unsupported-opset"
  /** What is to be tapped has an element type that cannot be reduced. */
  | "unsupported-element-type"
  /** A pattern matches no projection; `nearest` names those that are alike. */
  | "no-match"
  /** The graph does not show how many heads meet at a projection. */
  | "unknown-heads"
  /** Two patterns match the same projection. */
  | "tapped-twice"
  /** Two sections would have the same address. */
  | "duplicate-address"
  /** The sections of a projection take another number of channels than it has. */
  | "section-width"
  /** The channels of a section are not divisible by the group size. */
  | "group-size"
  /** The number of heads that was given contradicts the graph or does not divide the channels. */
  | "head-size"
  /** The graph does not show which axis of a projection's input is the batch, or the batches of taps differ. */
  | "unknown-batch"
  /** Taps that are captured along one axis of tokens see different numbers of tokens. */
  | "unequal-tokens"
  /** A projection stands in a loop or in one branch alone, and has no place in an output. */
  | "inside-subgraph"
  /** The input of a projection cannot be scaled. */
  | "cannot-scale"
  /** The model has an output of the name that the capture is to have. */
  | "output-name-taken"
  /** The graph has a value of a name that the capture needs. */
  | "name-taken"
  /** Weights beside the model are at a path that leaves its folder. */
  | "external-path"
  /** The hooked file would not find the weights beside the model. */
  | "external-data-elsewhere"
  /** A file does not exist or cannot be read. */
  | "unreadable-file"
  /** A file could not be written. */
  | "unwritable-file"
  /** A capture, or what was given with it, has another shape than the layout. */
  | "shape-mismatch";

/** The values that an error is about, by name. */
export type HeadHooksErrorDetails = Readonly<
  Record<string, string | number | readonly string[] | readonly number[]>
>;

/**
 * The one error that this package throws for bad input.
 *
 * @example
 * ```ts
 * try {
 *   hookModel(bytes, options);
 * } catch (error) {
 *   if (error instanceof HeadHooksError && error.code === "no-match") console.error(error.details.nearest);
 * }
 * ```
 */
export class HeadHooksError extends Error {
  /** The class's name, which a stack trace begins with. */
  override readonly name = "HeadHooksError";
  /** The kind of failure. */
  readonly code: HeadHooksErrorCode;
  /** The values that the failure is about. */
  readonly details: HeadHooksErrorDetails;

  constructor(
    code: HeadHooksErrorCode,
    message: string,
    details: HeadHooksErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
