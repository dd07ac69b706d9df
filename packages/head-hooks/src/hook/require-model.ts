import type { ModelView } from "../graph/read-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";

/** The oldest operator set whose operators the added nodes use. */
const OLDEST_OPSET = 9;

/** The operator set of the model. @throws HeadHooksError `unsupported-opset` if the added nodes cannot be of it. */
export function requireOpset(view: ModelView): number {
  const opset = view.opsets.get("");
  if (opset !== undefined && opset >= OLDEST_OPSET) return opset;
  throw new HeadHooksError(
    "unsupported-opset",
    opset === undefined
      ? "the model imports no ai.onnx operator set, which the added nodes need; add the import"
      : `the model imports ai.onnx ${opset}; the added nodes need ${OLDEST_OPSET} or newer: convert the model`,
    { expected: OLDEST_OPSET, received: opset ?? 0 },
  );
}

/** Make sure that the outputs to keep are there. @throws HeadHooksError `invalid-argument` if one is not. */
export function requireOutputs(view: ModelView, kept: readonly string[]): void {
  const names = view.outputs.map(({ name }) => name);
  const unknown = kept.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new HeadHooksError(
    "invalid-argument",
    `\`keepOutputs\` names "${unknown}", which is no output of the model; its outputs are ${names.join(", ")}`,
    { outputs: names },
  );
}
