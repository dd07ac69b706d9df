import { availableParallelism, cpus } from "node:os";

/** What decides how many threads a model takes; by default, what this process sees. */
export interface DefaultThreadsOptions {
  /** Variables, of which `OMP_NUM_THREADS` counts. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Processors that the machine has. */
  readonly present?: number;
  /** Those of them that this process may use. */
  readonly usable?: number;
}

/**
 * The threads within an operator where nobody chose: `OMP_NUM_THREADS`, the processors that a scheduler or `taskset` left
 * to this process, or else undefined, for ONNX Runtime's own choice of the physical cores.
 *
 * That choice sees the whole machine: on 1 of 2 processors its 2 threads, which spin while they wait, took twice the time
 * of one.
 */
export function defaultThreads({
  environment = process.env,
  present = cpus().length,
  usable = availableParallelism(),
}: DefaultThreadsOptions = {}): number | undefined {
  // A list gives a number for each nesting level, the outermost first.
  const [asked = ""] = (environment["OMP_NUM_THREADS"] ?? "").split(",");
  if (/^\s*0*[1-9]\d*\s*$/.test(asked)) return Number(asked);
  return usable < present ? usable : undefined;
}
