import { tokenGrid, type Checkpoint } from "@measure-plantain/flux-runtime";

/** What a client may choose. */
export interface ImageRequest {
  readonly prompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
}

const MOST_STEPS = 50;
const MOST_PIXELS = 1_024 ** 2;

/**
 * Reads the body of a request, before anything is queued for it.
 *
 * @throws {RangeError} for what the server does not take.
 * @throws {FluxRuntimeError} for a size that the model does not have.
 */
export function readImageRequest(checkpoint: Checkpoint, body: unknown): ImageRequest {
  if (typeof body !== "object" || body === null) throw new RangeError("The body has to be a JSON object.");
  const fields = new Map(Object.entries(body));
  const read = (name: string, normal: number, most: number): number => {
    const value: unknown = fields.get(name) ?? normal;
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    throw new RangeError(`${name} has to be a number from 0 to ${most}, but is ${JSON.stringify(value)}.`);
  };
  const prompt: unknown = fields.get("prompt");
  if (typeof prompt !== "string") throw new RangeError("prompt has to be a text.");
  const request = {
    prompt,
    seed: read("seed", 0, 2 ** 32 - 1),
    steps: read("steps", 4, MOST_STEPS),
    guidance: read("guidance", 4, 20),
    width: read("width", 512, MOST_PIXELS),
    height: read("height", 512, MOST_PIXELS),
  };
  if (request.width * request.height > MOST_PIXELS)
    throw new RangeError(`At most ${MOST_PIXELS} pixels are made.`);
  tokenGrid(checkpoint, request);
  return request;
}
