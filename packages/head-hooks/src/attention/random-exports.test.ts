import fc from "fast-check";
import { expect, it } from "vitest";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { meanSquareOf, relativeError, runModel, type Tensor } from "../../test/run-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import { findAttentionProjections } from "./find-attention.ts";

/** How an exporter writes one block of attention. */
interface Export {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly size: number;
  /** Channels of an MLP that stand next to attention's, as in a parallel block; 0 for none. */
  readonly beside: number;
  /** Where the lengths come from that a Reshape does not name. */
  readonly lengths: "zeros" | "gathered" | "sliced" | "start and end" | "multiplied";
  /** Whether batch and tokens have names or numbers in the inputs. */
  readonly areSymbolic: boolean;
  readonly qkv: "separate" | "split" | "sliced" | "gathered" | "einsum";
  readonly scale: "queries" | "scores" | "both";
  /** Whether attention runs over [B, heads, S, D], or over [B · heads, S, D]. */
  readonly isBatchMerged: boolean;
  readonly projection: "MatMul" | "Gemm" | "Einsum" | "Einsum of heads" | "quantised";
}

const exports: fc.Arbitrary<Export> = fc.record({
  batch: fc.constantFrom(1, 2),
  tokens: fc.constantFrom(3, 5),
  heads: fc.constantFrom(2, 3, 4),
  size: fc.constantFrom(4, 6),
  beside: fc.constantFrom(0, 8),
  lengths: fc.constantFrom("zeros", "gathered", "sliced", "start and end", "multiplied"),
  areSymbolic: fc.boolean(),
  qkv: fc.constantFrom("separate", "split", "sliced", "gathered", "einsum"),
  scale: fc.constantFrom("queries", "scores", "both"),
  isBatchMerged: fc.boolean(),
  projection: fc.constantFrom("MatMul", "Gemm", "Einsum", "Einsum of heads", "quantised"),
});

const WIDTH = 10;

/** The block that an exporter would write, and the name of the tensor that its projection takes, [B, S, channels]. */
class Block {
  readonly nodes: ModelParts["nodes"] = [];
  readonly initializers: NonNullable<ModelParts["initializers"]> = [];
  readonly tapped: string;
  readonly #export: Export;
  #count = 0;

  constructor(written: Export) {
    this.#export = written;
    const { heads, size, beside, projection, isBatchMerged } = written;
    const channels = heads * size;
    const [q, k, v] = this.#queriesKeysValues();
    const merge = (x: string): string =>
      isBatchMerged ? this.#reshape(x, [["batch", heads], "tokens", size]) : x;
    const turnedKeys = this.op("Transpose", [merge(k)], { perm: isBatchMerged ? [0, 2, 1] : [0, 1, 3, 2] });
    const scaled = written.scale === "scores" ? merge(q) : this.op("Mul", [merge(q), this.scalar(0.7)]);
    const scores = this.op("MatMul", [scaled, turnedKeys]);
    const softmax = this.op(
      "Softmax",
      [written.scale === "queries" ? scores : this.op("Div", [scores, this.scalar(2)])],
      { axis: -1 },
    );
    const mixed = this.op("MatMul", [softmax, merge(v)]);
    const perHead = isBatchMerged ? this.#reshape(mixed, ["batch", heads, "tokens", size]) : mixed;
    const context = this.op("Transpose", [perHead], { perm: [0, 2, 1, 3] }); // [B, S, heads, D]
    if (projection === "Einsum of heads") {
      this.tapped = context;
      this.nodes.push(
        node(
          "Einsum",
          [context, this.weight([heads, size, WIDTH])],
          "y",
          { equation: "bshd,hdc->bsc" },
          "",
          "out",
        ),
      );
      return;
    }
    const merged = this.#reshape(context, ["batch", "tokens", channels]);
    const mlp =
      beside === 0 ? undefined : this.op("Tanh", [this.op("MatMul", ["x", this.weight([WIDTH, beside])])]);
    const joined = mlp === undefined ? merged : this.op("Concat", [merged, mlp], { axis: -1 });
    const wide = channels + beside;
    this.tapped = joined;
    if (projection === "MatMul")
      this.nodes.push(node("MatMul", [joined, this.weight([wide, WIDTH])], "y", {}, "", "out"));
    else if (projection === "Einsum")
      this.nodes.push(
        node("Einsum", [joined, this.weight([wide, WIDTH])], "y", { equation: "bsc,cd->bsd" }, "", "out"),
      );
    else if (projection === "Gemm") {
      const rows = this.#reshape(joined, [-1, wide]);
      this.nodes.push(node("Gemm", [rows, this.weight([wide, WIDTH])], "rows", {}, "", "out"));
      this.nodes.push(node("Reshape", ["rows", this.#shape(["batch", "tokens", WIDTH], false)], "y"));
    } else {
      const name = this.#name();
      this.initializers.push(
        tensor(`${name}.scale`, [], [0.01]),
        tensor(`${name}.zero`, [], [128], "uint8"),
        tensor(
          name,
          [wide, WIDTH],
          randomValues(wide * WIDTH, 7).map((entry) => Math.floor(128 + 127 * entry)),
          "uint8",
        ),
      );
      const weight = this.op("DequantizeLinear", [name, `${name}.scale`, `${name}.zero`]);
      this.nodes.push(node("MatMul", [joined, weight], "y", {}, "", "out"));
    }
  }

  /** Queries, keys and values [B, heads, S, D]. */
  #queriesKeysValues(): [string, string, string] {
    const { heads, size, qkv } = this.#export;
    const channels = heads * size;
    const perHead = (x: string): string =>
      this.op("Transpose", [this.#reshape(x, ["batch", "tokens", heads, size])], { perm: [0, 2, 1, 3] });
    const three = <T>(make: (index: number) => T): [T, T, T] => [make(0), make(1), make(2)];
    if (qkv === "einsum")
      return three(() => {
        const product = this.op("Einsum", ["x", this.weight([WIDTH, heads, size])], {
          equation: "bsc,chd->bshd",
        });
        return this.op("Transpose", [product], { perm: [0, 2, 1, 3] });
      });
    if (qkv === "separate")
      return three(() => perHead(this.op("MatMul", ["x", this.weight([WIDTH, channels])])));
    const fused = this.op("MatMul", ["x", this.weight([WIDTH, 3 * channels])]);
    if (qkv === "split") {
      const parts = three((index) => `part${index}`);
      this.nodes.push(
        node("Split", [fused, this.integers([channels, channels, channels])], parts, { axis: -1 }),
      );
      return three((index) => perHead(parts[index] ?? ""));
    }
    if (qkv === "sliced")
      return three((index) => {
        const bounds = [[index * channels], [(index + 1) * channels], [2]].map((entry) =>
          this.integers(entry),
        );
        return perHead(this.op("Slice", [fused, ...bounds]));
      });
    const apart = this.op("Transpose", [this.#reshape(fused, ["batch", "tokens", 3, heads, size])], {
      perm: [2, 0, 3, 1, 4],
    });
    return three((index) => this.op("Gather", [apart, this.integers(index)], { axis: 0 }));
  }

  op(opType: string, input: string[], attributes: Record<string, number | number[] | string> = {}): string {
    const output = this.#name();
    this.nodes.push(node(opType, input, output, attributes));
    return output;
  }

  integers(values: number | number[]): string {
    const name = this.#name();
    const list = typeof values === "number" ? [values] : values;
    this.initializers.push(tensor(name, typeof values === "number" ? [] : [list.length], list, "int64"));
    return name;
  }

  scalar(entry: number): string {
    const name = this.#name();
    this.initializers.push(tensor(name, [], [entry]));
    return name;
  }

  weight(dims: number[]): string {
    const name = this.#name();
    const size = dims.reduce((product, length) => product * length, 1);
    this.initializers.push(tensor(name, dims, randomValues(size, this.#count)));
    return name;
  }

  #reshape(x: string, axes: readonly Axis[]): string {
    return this.op("Reshape", [x, this.#shape(axes)]);
  }

  /** A shape in the exporter's manner: constants, 0 for a length of the reshaped value's own, or lengths of `x` joined with them. */
  #shape(axes: readonly Axis[], areOwn = true): string {
    const { lengths, heads } = this.#export;
    const [first, second] = axes;
    const isPlain = first === "batch" && second === "tokens";
    if (axes[0] === -1) return this.integers(axes.map((axis) => (typeof axis === "number" ? axis : 0)));
    if (lengths === "zeros" && isPlain && areOwn)
      return this.integers(axes.map((axis) => (typeof axis === "number" ? axis : 0)));
    const of = (index: number): string =>
      this.op("Gather", [this.op("Shape", ["x"]), this.integers([index])], { axis: 0 });
    if (isPlain && lengths === "sliced") {
      const both = this.op("Slice", [this.op("Shape", ["x"]), this.integers([0]), this.integers([2])]);
      return this.#concat([both, this.integers(numbersOf(axes.slice(2)))]);
    }
    if (isPlain && lengths === "start and end")
      return this.#concat([
        this.op("Shape", ["x"], { start: 0, end: 2 }),
        this.integers(numbersOf(axes.slice(2))),
      ]);
    return this.#concat(
      axes.map((axis) => {
        if (axis === "batch") return of(0);
        if (axis === "tokens") return of(1);
        if (typeof axis === "number") return this.integers([axis]);
        return this.op("Mul", [of(0), this.integers([lengths === "multiplied" ? axis[1] : heads])]);
      }),
    );
  }

  #concat(parts: string[]): string {
    return this.op("Concat", parts, { axis: 0 });
  }

  #name(): string {
    return `v${this.#count++}`;
  }
}

/** An axis of a shape: a number, a length of `x`, or one times a number. */
type Axis = number | "batch" | "tokens" | readonly ["batch", number];

function numbersOf(axes: readonly Axis[]): number[] {
  return axes.map((axis) => (typeof axis === "number" ? axis : 0));
}

it("heads of any export are found without being told, and captured as recomputed", async () => {
  await fc.assert(
    fc.asyncProperty(exports, async (written) => {
      const { batch, tokens, heads, size, areSymbolic, projection } = written;
      const block = new Block(written);
      const beside = projection === "Einsum of heads" ? 0 : written.beside;
      const parts: ModelParts = {
        nodes: block.nodes,
        inputs: [value("x", areSymbolic ? ["B", "S", WIDTH] : [batch, tokens, WIDTH])],
        outputs: [value("y", undefined), value(block.tapped, undefined)],
        initializers: block.initializers,
        opset: 17,
        irVersion: 8,
      };
      const bytes = model(parts);
      const found = findAttentionProjections(bytes);
      expect(found.map(({ node: name }) => name)).toEqual(["out"]);
      expect(found[0]?.parts).toEqual([
        { kind: "attention", channels: heads * size, heads, headSize: size },
        ...(beside === 0 ? [] : [{ kind: "other", channels: beside, heads: null, headSize: null }]),
      ]);

      const { model: hooked, layout } = hookModel(bytes, { groupSize: 2 });
      expect(layout.headCount).toBe(heads);
      const x: Tensor = { data: randomValues(batch * tokens * WIDTH, 3), shape: [batch, tokens, WIDTH] };
      const outputs = await runModel(hooked, { x });
      const original = await runModel(bytes, { x });
      const { data = new Float32Array() } = outputs[block.tapped] ?? {};
      const flat = { data, shape: [batch, tokens, heads * size + beside] };
      const captured = Array.from(outputs["mean_square"]?.data ?? [], Number);
      expect(relativeError(captured, meanSquareOf(flat, 2))).toBeLessThan(1e-5);
      for (const [index, entry] of (outputs["y"]?.data ?? []).entries())
        expect(entry).toBe(original["y"]?.data[index]);
    }),
    { numRuns: 200 },
  );
});
