import type { NodeProto } from "onnx-buf";
import { attributeOf } from "./node-parts.ts";

/** The letters of an Einsum's operands and of its result, one an axis. */
export interface EinsumEquation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
  /** Whether further axes stand before those with letters, in every term where they stand at all. */
  readonly hasEllipsis: boolean;
}

/** The equation of an Einsum; `undefined` where its result is not written out, or axes are left out amid others. */
export function einsumEquation(node: NodeProto): EinsumEquation | undefined {
  const text = new TextDecoder().decode(attributeOf(node, "equation")?.s).replaceAll(" ", "");
  const [left = "", right, ...more] = text.split("->");
  if (right === undefined || more.length > 0) return undefined;
  const terms = [...left.split(","), right];
  const letters = terms.map((term) => term.replace(/^\.\.\./, ""));
  const isPlain = letters.every((term) => /^[A-Za-z]*$/.test(term));
  if (letters.length !== node.input.length + 1 || !isPlain) return undefined;
  const [result = [], ...operands] = letters.map((term) => term.split("")).reverse();
  return { operands: operands.reverse(), result, hasEllipsis: text.includes("...") };
}
