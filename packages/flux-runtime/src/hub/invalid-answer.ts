import { FluxRuntimeError } from "../errors.ts";

/** The error for an answer that no hub would give. */
export function invalidAnswer(endpoint: string, what: string): FluxRuntimeError {
  return new FluxRuntimeError(
    "hub-invalid-answer",
    `${endpoint} does not answer as a Hugging Face hub does: ${what}. Check HF_ENDPOINT, and whether something between here and the hub answers in its place.`,
    { endpoint },
  );
}
