/** What kind of thing went wrong on the way to a checkpoint of a hub. */
export type HubErrorCode =
  /** There is no such repository or revision, or it is no FLUX.2 Klein checkpoint. */
  | "not-found"
  /** The hub does not let this user at it: gated, private, or a token that is not valid. */
  | "not-allowed"
  /** It is not in the cache, and the network may not be used. */
  | "offline"
  /** The hub asks to wait. */
  | "rate-limited"
  /** The hub cannot be reached, answers with an error of its own, or with what it should not. */
  | "unreachable"
  /** The connection broke off time after time; what came is kept. */
  | "interrupted"
  /** A file came whole, but with other bytes than were published; it was removed. */
  | "wrong-checksum"
  /** There is too little room in the cache folder, or it cannot be written. */
  | "disk-full"
  | "unwritable-file";

/** What the user can put right by asking for something else; everything else is a failure. */
const usageCodes: readonly HubErrorCode[] = ["not-found", "not-allowed", "offline"];

/** A checkpoint could not be had from the hub. The message says what, why and what to do. */
export class HubError extends Error {
  override readonly name: string = "HubError";
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether it is wrong use, exit code 2, rather than a failure. */
  get isUsage(): boolean {
    return usageCodes.includes(this.code);
  }
}
