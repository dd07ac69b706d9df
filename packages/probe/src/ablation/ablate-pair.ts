import type { Transformer } from "@measure-plantain/flux-runtime";
import { readCapture, unitFactors, type UnitLayout, unitOffsets } from "@measure-plantain/head-hooks";
import { ProbeError } from "../probe-error.ts";
import type { Captures } from "../captures/granularities.ts";
import type { AblationStatistic } from "./ablation.ts";
import { pairEffects, pairNorms, type PairNorms, type PairVelocities } from "./ablation-statistics.ts";
import type { PassInputs } from "../passes/pass-inputs.ts";
import { itemAt, valueAt } from "../reading.ts";
import type { Replacement } from "./replacements.ts";

/** What the ablation of all sets did to one pair: stored when it is whole. */
export interface PairRecord {
  readonly norms: PairNorms;
  /** By how much the root mean squares without ablation differ at most from the run's, relatively. */
  readonly deviation: number;
  /** One for each set. */
  readonly effects: readonly Readonly<Record<AblationStatistic, number>>[];
}

/** How a pair's passes are run. */
export interface PairPasses {
  readonly transformer: Transformer;
  readonly inputs: PassInputs;
  /** Of the hooked graph, which takes a factor for each unit, and offsets if units are replaced. */
  readonly layout: UnitLayout;
  /** What is put in the place of units at 0; `null` for nothing. */
  readonly replacement: Replacement | null;
  /** How often the run repeated each pass. */
  readonly replicates: number;
  /** Called after every pass. */
  readonly advance: () => void;
}

/** By how much root mean squares may differ from the run's, relatively, before the weights must be others. */
const LARGEST_DEVIATION = 0.05;

/**
 * Runs a pair's passes as they are and once for each set of factors. Repetitions stand beside each other in one vector.
 *
 * @throws {ProbeError} if the passes without ablation are not those of the run, or do not depend on the condition.
 */
export async function ablatePair(
  { inputs, ...rest }: PairPasses,
  {
    pair,
    id,
    captures,
    factors,
  }: {
    readonly pair: number;
    readonly id: string;
    readonly captures: Captures;
    readonly factors: readonly Float32Array[];
  },
): Promise<PairRecord> {
  const passes = { ...rest, inputs: rememberPasses(inputs) };
  const a = await runPasses(passes, { pair, condition: 0 }, unitFactors(passes.layout));
  const b = await runPasses(passes, { pair, condition: 1 }, unitFactors(passes.layout));
  const deviation = Math.max(
    deviationFromRun(a.meanSquare, captures, { pair, condition: 0 }),
    deviationFromRun(b.meanSquare, captures, { pair, condition: 1 }),
  );
  if (!(deviation <= LARGEST_DEVIATION)) {
    throw new ProbeError(
      "other-checkpoint",
      `Without ablation the passes of ${id} give root mean squares that differ from the run's by up to ${(100 * deviation).toFixed(1)} %. The checkpoint holds other weights than the run's, or the run was made by another release. Run the probe again into another folder, and ablate there.`,
    );
  }
  const whole: PairVelocities = { a: a.velocity, b: b.velocity };
  const norms = pairNorms(whole);
  if (norms.contrast === 0) {
    throw new ProbeError(
      "other-checkpoint",
      `The pair ${id} gives the same velocity under both conditions: there is no contrast that could change. Use a run whose pairs all differ.`,
    );
  }
  const effects: PairRecord["effects"][number][] = [];
  for (const scale of factors) {
    const ablatedA = await runPasses(passes, { pair, condition: 0 }, scale);
    const ablatedB = await runPasses(passes, { pair, condition: 1 }, scale);
    effects.push(pairEffects(whole, { a: ablatedA.velocity, b: ablatedB.velocity }));
  }
  return { norms, deviation, effects };
}

/** Each pass is fed the same for every set. */
function rememberPasses(inputs: PassInputs): PassInputs {
  const known = new Map<string, ReturnType<PassInputs>>();
  return (key) => {
    const name = `${key.condition}/${key.replicate}`; // of one pair
    const pass = known.get(name) ?? inputs(key);
    known.set(name, pass);
    return pass;
  };
}

interface Side {
  readonly pair: number;
  readonly condition: 0 | 1;
}

/** All repetitions of one side of a pair: velocities beside each other, and the mean of the mean squares [units]. */
async function runPasses(
  { transformer, inputs, layout, replacement, replicates, advance }: PairPasses,
  side: Side,
  scale: Float32Array,
): Promise<{ velocity: Float32Array; meanSquare: Float64Array }> {
  const velocities: Float32Array[] = [];
  const meanSquare = new Float64Array(layout.unitCount);
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const offset = replacement && unitOffsets(scale, itemAt(replacement, replicate));
    const { velocity, extraOutputs } = await transformer.predict({
      ...(await inputs({ ...side, replicate })),
      extraInputs: {
        [layout.scaleInput ?? "scale"]: { type: "float32", data: scale, shape: [scale.length] },
        ...(offset && {
          [layout.offsetInput ?? "offset"]: { type: "float32", data: offset, shape: [offset.length] },
        }),
      },
    });
    velocities.push(velocity.data);
    for (const [unit, value] of readCapture(extraOutputs, layout).data.entries()) {
      meanSquare[unit] = valueAt(meanSquare, unit) + value / replicates;
    }
    advance();
  }
  return { velocity: joinVectors(velocities), meanSquare };
}

function joinVectors(vectors: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = vectors;
  if (vectors.length === 1) return first;
  const joined = new Float32Array(vectors.reduce((length, vector) => length + vector.length, 0));
  let place = 0;
  for (const vector of vectors) {
    joined.set(vector, place);
    place += vector.length;
  }
  return joined;
}

/** Units with less than this share of the largest root mean square are not compared relatively. */
const SMALLEST_SHARE = 1e-3;

function deviationFromRun(
  captured: Float64Array,
  { meanSquare: { data, shape } }: Captures,
  { pair, condition }: Side,
): number {
  const units = shape[2];
  const stored = data.subarray((2 * pair + condition) * units, (2 * pair + condition + 1) * units);
  const floor = SMALLEST_SHARE * Math.sqrt(stored.reduce((most, value) => Math.max(most, value), 0));
  let largest = 0;
  for (const [unit, value] of stored.entries()) {
    const expected = Math.sqrt(value);
    largest = Math.max(
      largest,
      Math.abs(Math.sqrt(captured[unit] ?? NaN) - expected) / Math.max(expected, floor),
    );
  }
  return largest;
}
