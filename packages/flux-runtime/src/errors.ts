/** What kind of thing went wrong; each code is raised for one kind of mistake, so that callers can branch on it. */
export type FluxRuntimeErrorCode =
  /** An argument of a call is of the wrong kind, size or range. */
  | "invalid-argument"
  /** A file or folder that was asked for does not exist or cannot be read. */
  | "unreadable-file"
  /** A file could not be written; `disk-full` where the reason is a full disk. */
  | "unwritable-file"
  | "disk-full"
  /** A folder that was to be made exists already, with something in it. */
  | "existing-folder"
  /** Another process is writing into the folder. */
  | "folder-in-use"
  /** The bytes are not a well-formed safetensors file. */
  | "malformed-safetensors"
  /** The bytes are not a well-formed GGUF file. */
  | "malformed-gguf"
  /** The tensor's element type is not one that the operation knows. */
  | "unsupported-dtype"
  /** A folder holds no weights, or a shard of them is missing. */
  | "missing-weights"
  /** The shards and their index contradict each other. */
  | "inconsistent-weights"
  /** The weights are of a kind that this package does not read: quantised, an adapter, or under another program's names. */
  | "unsupported-weights"
  /** The weights lack a tensor that the configuration calls for. */
  | "missing-tensor"
  /** A tensor has another shape than the configuration calls for. */
  | "shape-mismatch"
  /** The weights hold a tensor that the configuration does not call for. */
  | "unexpected-tensor"
  /** A JSON configuration is not what its schema says. */
  | "invalid-config"
  /** A configuration asks for something that this package does not do. */
  | "unsupported-config"
  /** ONNX Runtime refused a model or failed in it, or its process could not be started, or ended. */
  | "session-failed"
  /** The bytes are no image, or none that can be decoded. */
  | "unreadable-image"
  /** The image is too small, or too long and narrow, for the model. */
  | "unsuitable-image"
  /** The tokenizer folder is incomplete or its files contradict each other. */
  | "invalid-tokenizer"
  /** The device that was asked for cannot be used on this machine. */
  | "device-unavailable"
  /** There is no folder, model or revision of that name, or it is not a FLUX.2 Klein checkpoint. */
  | "checkpoint-not-found"
  /** The checkpoint is not in the cache, and nothing may be downloaded. */
  | "checkpoint-not-cached"
  /** The hub does not give the model to this user: it is gated or private, or the token is not valid. */
  | "hub-access-denied"
  /** The hub asks to wait. */
  | "hub-rate-limited"
  /** The hub cannot be reached, or fails. */
  | "hub-unreachable"
  /** What answers does not answer as a hub does: a login page, a size that is no size, an endless list. */
  | "hub-invalid-answer"
  /** The connection broke off again and again; what came is kept. */
  | "download-interrupted"
  /** A downloaded file has other bytes than were published. */
  | "download-corrupted";

/** What an error carries next to its message. */
export interface FluxRuntimeErrorDetails {
  /** The option of the call that is at fault, by its name. */
  readonly option?: string;
  /** Any other value that the message names. */
  readonly [name: string]: unknown;
}

/**
 * The one error class of this package.
 *
 * The message says what was wrong, what was expected, what came instead, and what to do; `code` is for programs and
 * `details` holds the same facts as values. A message writes an option as "the option `width`", or
 * with a value as "the option `device: "cpu"`", so that a command line can put its flag in that place.
 */
export class FluxRuntimeError extends Error {
  /** The class's name, which a stack trace begins with. */
  override readonly name = "FluxRuntimeError";
  /** The kind of failure. */
  readonly code: FluxRuntimeErrorCode;
  /** The option of the call that is at fault, by its name, if one is. */
  readonly option: string | undefined;
  /** The values that the failure is about. */
  readonly details: FluxRuntimeErrorDetails;

  constructor(
    code: FluxRuntimeErrorCode,
    message: string,
    details: FluxRuntimeErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.option = details.option;
    this.details = details;
  }
}
