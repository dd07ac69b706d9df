import type { AttributeProto, NodeProto } from "onnx-buf";

/** The name of a node's input at a place; empty if the node leaves it out, as ONNX writes it. */
export function inputOf({ input }: NodeProto, index: number): string {
  return input[index] ?? "";
}

/** The name of a node's first output; empty if it has none. */
export function outputOf({ output }: NodeProto): string {
  return output[0] ?? "";
}

/** What a node is called: its name, or else its first output. */
export function titleOf(node: NodeProto): string {
  return node.name || outputOf(node);
}

/** The attribute of a node. */
export function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((entry) => entry.name === name);
}

/** The integer attribute of a node. */
export function integerAttribute(node: NodeProto, name: string): number | undefined {
  const found = attributeOf(node, name);
  return found === undefined ? undefined : Number(found.i);
}

/** The axis that a node works along, 0 by default; a negative one counts from the end. */
export function axisAttribute(node: NodeProto): number {
  return integerAttribute(node, "axis") ?? 0;
}

/** Operators by their names, written one after the other with white space between them. */
export function operatorSet(names: string): ReadonlySet<string> {
  return new Set(names.trim().split(/\s+/));
}

/** The inputs to follow back from each operator, by operators that are written as {@link operatorSet} takes them. */
export function followedInputs(
  inputs: Readonly<Record<string, readonly number[]>>,
): ReadonlyMap<string, readonly number[]> {
  return new Map(
    Object.entries(inputs).flatMap(([names, followed]) =>
      [...operatorSet(names)].map((name) => [name, followed] as const),
    ),
  );
}
