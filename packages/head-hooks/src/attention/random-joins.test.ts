import fc from "fast-check";
import { expect, it } from "vitest";
import { attentionNodes, attentionWeights, C, D, H, weights } from "../../test/attention-forms.ts";
import { model, type ModelParts, node, randomValues, tensor, value } from "../../test/build-model.ts";
import { relativeError, runModel, type Tensor } from "../../test/run-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { hookModel } from "../hook/hook-model.ts";
import { attentionTaps } from "./attention-taps.ts";
import type { TapSpec } from "./tap-spec.ts";

const B = 2;
const S = 5;

/** A value [B, S, channels] and the head that each of its channels is of; −1 for those of no head. */
interface Joined {
  readonly name: string;
  readonly heads: readonly number[];
}

/** A model that is put together step by step. */
class Composition {
  readonly nodes: ModelParts["nodes"] = attentionNodes();
  readonly initializers: NonNullable<ModelParts["initializers"]> = attentionWeights();
  readonly inputs: ModelParts["inputs"] = [value("x", ["B", "S", C])];
  readonly feeds: Record<string, Tensor> = { x: { data: randomValues(B * S * C, 4), shape: [B, S, C] } };
  joined: Joined = {
    name: "merged",
    heads: Array.from({ length: C }, (_, channel) => Math.floor(channel / D)),
  };
  #count = 0;

  op(opType: string, input: string[], attributes: Record<string, number> = {}): string {
    const output = `value${this.#count++}`;
    this.nodes.push(node(opType, input, output, attributes));
    return output;
  }

  integers(values: number[]): string {
    const name = `integers${this.#count++}`;
    this.initializers.push(tensor(name, [values.length], values, "int64"));
    return name;
  }

  linear(channels: number): Joined {
    const name = `weight${this.#count++}`;
    this.initializers.push(weights(name, C, channels, this.#count));
    return { name: this.op("MatMul", ["x", name]), heads: Array<number>(channels).fill(-1) };
  }

  concat(...parts: Joined[]): Joined {
    const names = parts.map(({ name }) => name);
    return { name: this.op("Concat", names, { axis: -1 }), heads: parts.flatMap(({ heads }) => heads) };
  }

  /** The same value, in a shape that a run gives. */
  hide({ name, heads }: Joined): Joined {
    const shape = `shape${this.#count++}`;
    this.inputs.push(value(shape, [3], "int64"));
    this.feeds[shape] = { data: BigInt64Array.from([B, S, heads.length], BigInt), shape: [3] };
    return { name: this.op("Reshape", [name, shape]), heads };
  }

  slice({ name, heads }: Joined, start: number, stop: number): Joined {
    const ends = [[start], [stop], [-1]].map((values) => this.integers(values));
    return { name: this.op("Slice", [name, ...ends]), heads: heads.slice(start, stop) };
  }

  gate({ name, heads }: Joined): Joined {
    return { name: this.op("Mul", [this.op("Sigmoid", [this.linear(heads.length).name]), name]), heads };
  }

  build(): Uint8Array {
    const { name, heads } = this.joined;
    return model({
      nodes: [...this.nodes, node("MatMul", [name, "out.weight"], "y", {}, "", "out")],
      inputs: this.inputs,
      outputs: [value("y", undefined), value(name, undefined)],
      initializers: [...this.initializers, weights("out.weight", heads.length, C, 8)],
      opset: 17,
      irVersion: 8,
    });
  }
}

const STEPS = ["after", "before", "twice", "hide", "hidden MLP", "cut", "swap", "gate"] as const;

function take(made: Composition, step: (typeof STEPS)[number], width: number): Joined {
  const { joined } = made;
  const half = Math.ceil(joined.heads.length / 2);
  switch (step) {
    case "after":
      return made.concat(joined, made.linear(width));
    case "before":
      return made.concat(made.linear(width), joined);
    case "twice":
      return made.concat(joined, joined);
    case "hide":
      return made.hide(joined);
    case "hidden MLP":
      return made.concat(joined, made.hide(made.linear(width)));
    case "cut":
      return made.slice(joined, Math.min(width, half), joined.heads.length);
    case "swap":
      return made.concat(made.slice(joined, half, joined.heads.length), made.slice(joined, 0, half));
    case "gate":
      return made.gate(joined);
  }
}

function tapsOf(bytes: Uint8Array, heads: number | undefined): readonly TapSpec[] | undefined {
  try {
    return attentionTaps(bytes, heads === undefined ? {} : { heads });
  } catch (error) {
    if (error instanceof HeadHooksError) return undefined;
    throw error;
  }
}

it("heads are attention's alone, or refused, however channels are put side by side", async () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.integer({ min: 1, max: 12 })), {
    minLength: 1,
    maxLength: 4,
  });
  const property = fc.asyncProperty(steps, fc.constantFrom(undefined, 1, 2, H), async (taken, given) => {
    const made = new Composition();
    for (const [step, width] of taken) made.joined = take(made, step, width);
    const bytes = made.build();
    const { name, heads } = made.joined;
    const taps = tapsOf(bytes, given);
    if (taps === undefined) return;
    let first = 0;
    for (const { channels, heads: spec } of taps[0]?.sections ?? []) {
      const own = heads.slice(first, first + channels);
      first += channels;
      if (spec === undefined) continue;
      expect(own).not.toContain(-1);
      if (given !== undefined || !("count" in spec)) continue;
      const size = channels / spec.count;
      const starts = own.filter((_, channel) => channel % size === 0);
      expect(own).toEqual(starts.flatMap((head) => Array<number>(size).fill(head)));
    }
    expect(first).toBe(heads.length);
    const { model: hooked, layout } = hookModel(bytes, { taps, groupSize: 1 });
    const outputs = await runModel(hooked, made.feeds);
    const values = outputs[name]?.data as Float32Array;
    const squares = Array.from({ length: B * layout.unitCount }, (_, unit) => {
      const [item, channel] = [Math.floor(unit / layout.unitCount), unit % layout.unitCount];
      const tokens = Array.from(
        { length: S },
        (_, s) => values[(item * S + s) * heads.length + channel] ?? NaN,
      );
      return tokens.reduce((sum, x) => sum + x * x, 0) / S;
    });
    expect(relativeError(outputs["mean_square"]?.data as Float32Array, squares)).toBeLessThan(1e-5);
  });
  await fc.assert(property, { numRuns: 150 });
});
