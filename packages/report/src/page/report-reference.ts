/** The reference image and where it came from. */
export interface ReportReference {
  /** The bytes of an image file of that media type. */
  readonly image: Uint8Array;
  readonly type: "image/png" | "image/webp";
  /** The prompt that it was rendered from. */
  readonly prompt?: string;
}
