import { PairedStatsError } from "../paired-stats-error.ts";

/** assembly/flip-kernel.ts compiled to WebAssembly, in base64: put here by the build. */
declare const FLIP_KERNEL: string;

/** Bytes of a page of WebAssembly memory, and the most pages that 32-bit addresses reach. */
const PAGE = 65_536;
const MOST_PAGES = 65_536;
/** Every array starts at the beginning of a cache line. */
const ALIGNMENT = 64;

/** `scoreTiles` of assembly/flip-kernel.ts; its arguments, in their order, are addresses and counts. */
export type ScoreTiles = (...addressesAndCounts: readonly number[]) => void;

/** The compiled kernel, or undefined where this machine's WebAssembly lacks SIMD or threads. */
export function compileFlipKernel(): WebAssembly.Module | undefined {
  const bytes = Buffer.from(FLIP_KERNEL, "base64");
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/** Joins the kernel with the memory it works on. */
export function instantiateFlipKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): ScoreTiles {
  const { scoreTiles } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (typeof scoreTiles !== "function") throw new TypeError("the kernel exports no scoreTiles");
  return scoreTiles as ScoreTiles; // a WebAssembly export carries no types
}

/** Memory that the kernel and all threads share, laid out from the bottom up; an array's address is its byteOffset. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({
    initial: 1,
    maximum: MOST_PAGES,
    shared: true,
  });
  #end = ALIGNMENT;

  /** Room for float64 values. */
  float64(length: number): Float64Array {
    const address = this.#take(length * 8); // first: it may put a longer buffer in the place of the old one
    return new Float64Array(this.memory.buffer, address, length);
  }

  /** Room for unsigned 32-bit values. */
  uint32(length: number): Uint32Array {
    const address = this.#take(length * 4);
    return new Uint32Array(this.memory.buffer, address, length);
  }

  #take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const pages = Math.ceil(this.#end / PAGE);
    if (pages > MOST_PAGES)
      throw new PairedStatsError(
        "out-of-range",
        `expected differences that fit into 4 GiB as float64, got more; score parts of the units one after the other`,
        { bytes: this.#end },
      );
    const missing = pages - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
    return address;
  }
}
