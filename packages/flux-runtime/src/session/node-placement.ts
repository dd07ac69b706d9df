import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** How many nodes of an operator ran on an execution provider. */
export interface NodePlacement {
  /** ONNX Runtime's name, as in `CUDAExecutionProvider`. */
  readonly provider: string;
  /** ONNX's name, as in `MatMul`. */
  readonly operator: string;
  /** How many nodes of this operator ran there. */
  readonly nodes: number;
}

/** One event of ONNX Runtime's profile, as far as it is read here. */
interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
}

/**
 * Counts from the profile that ONNX Runtime wrote into a folder which nodes ran where, the most frequent first. What its
 * optimizers fused or removed is counted as it ran.
 */
export async function readNodePlacement(folder: string): Promise<NodePlacement[]> {
  const [file] = await readdir(folder);
  if (file === undefined) throw new Error("ONNX Runtime wrote no profile");
  return countPlacement(JSON.parse(await readFile(join(folder, file), "utf8")) as ProfileEvent[]); // ONNX Runtime's format
}

/** Counts each node once, however often it ran. */
function countPlacement(events: readonly ProfileEvent[]): NodePlacement[] {
  const nodes = new Map<string, { provider: string; operator: string }>();
  for (const { cat, name = "", args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    const { provider, op_name: operator } = args ?? {};
    if (provider !== undefined && operator !== undefined) nodes.set(name, { provider, operator });
  }
  const counts = new Map<string, NodePlacement>();
  for (const { provider, operator } of nodes.values()) {
    const key = `${provider} ${operator}`;
    counts.set(key, { provider, operator, nodes: (counts.get(key)?.nodes ?? 0) + 1 });
  }
  return [...counts.values()].sort(
    (a, b) => b.nodes - a.nodes || (a.operator < b.operator ? -1 : a.operator > b.operator ? 1 : 0),
  );
}
