import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import type { SessionTensors } from "./session-protocol.ts";

/** A float32 output by its name. @throws {FluxRuntimeError} `session-failed` where the model has no such output. */
export function toTensor(outputs: SessionTensors, name: string): Tensor {
  const output = outputs[name];
  if (output?.type === "float32") return { data: output.data, shape: output.shape };
  throw new FluxRuntimeError(
    "session-failed",
    `The model was expected to have a float32 output ${name}; it has ${Object.keys(outputs).join(", ")}. A rewritten graph must keep the outputs it was given.`,
    { output: name, received: Object.keys(outputs) },
  );
}
