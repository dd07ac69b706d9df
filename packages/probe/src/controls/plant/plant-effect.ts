import { editCheckpoint, roundTimestep, type WeightEdit } from "@measure-plantain/flux-runtime";
import { listCells, type CrossedCells } from "@measure-plantain/prompts";
import type { PassInputs } from "../../passes/pass-inputs.ts";
import { sha256 } from "../../sha256.ts";
import type { ProbeContext } from "../../passes/probe-context.ts";
import { ProbeError } from "../../probe-error.ts";
import { answeringDirection, dot } from "./answering-direction.ts";
import { constantDirection } from "./constant-direction.ts";
import { measureBlockInputs, type BlockInputs } from "./measure-inputs.ts";
import type { PlantedUnit, PlantPlan } from "./plan-plant.ts";
import { plantedRows, type UnitRows } from "./planted-rows.ts";
import { itemAt, valueAt } from "../../reading.ts";

/** A pass that shows a cell of a crossed set. */
type CellPlace = CrossedCells["cells"][number]["places"][number];

/** By how much the constant direction's product with an input may miss 1, as arithmetic in bfloat16 makes it. */
const CONSTANT_TOLERANCE = 0.05;

/**
 * Writes a copy of a run's checkpoint in which known units answer to what separates the conditions of the run's pairs, by
 * known amounts. The probe must find these units; the decoys among them, altered alike, it must not.
 *
 * An altered channel is silu(g · x) · (l · x), x the block's modulated input. g is a direction that is constant over all
 * tokens and prompts; l is constant too, but for the shortest direction along which the mean input of each pair changes
 * as the plan says. With a gain of 0 the channels' columns in `to_out` are zero: nothing else in the network changes.
 *
 * @throws {ProbeError} if the pairs' inputs do not differ independently; FluxRuntimeError as `editCheckpoint` does.
 */
export async function plantEffect(
  context: ProbeContext,
  inputs: PassInputs,
  { plan, folder }: { readonly plan: PlantPlan; readonly folder: string },
): Promise<void> {
  const { checkpoint, settings } = context;
  const [sigma = 1, ...others] = settings.sigmas;
  if (others.length > 0) {
    throw new ProbeError(
      "cannot-plant",
      "An effect can be planted at one noise level only, since the modulation depends on it. Give one value as the option `sigmas`, or leave the planted control out.",
    );
  }
  const cells = listCells(context.promptSet)?.cells.flatMap(({ places }) => places[0] ?? []) ?? [];
  const constant = await constantDirection(checkpoint, roundTimestep(1_000 * sigma, settings.dtype));
  const measured = await measureBlockInputs(context, inputs, plan);
  const { num_attention_heads, attention_head_dim, mlp_ratio } = checkpoint.transformer.config;
  const width = num_attention_heads * attention_head_dim;
  const mlpChannels = Math.trunc(width * mlp_ratio);
  const edits = new Map<string, WeightEdit>();
  for (const block of measured) {
    checkConstant(constant, block);
    const units = plan.units
      .filter((unit) => unit.block === block.block)
      .map((unit) => ({ unit, rows: rowsOf(unit, block, constant, plan, cells) }));
    const path = `single_transformer_blocks.${block.block}.attn`;
    edits.set(`${path}.to_qkv_mlp_proj.weight`, ({ data }) => {
      const edited = data.slice(); // [3C + 2M, C]: query, key, value, gate, linear
      for (const { unit, rows } of units) {
        const gate = 3 * width + unit.firstChannel;
        edited.set(rows.gate, gate * width);
        edited.set(rows.linear, (gate + mlpChannels) * width);
      }
      return edited;
    });
    edits.set(`${path}.to_out.weight`, ({ data, shape: [, columns = 0] }) => {
      const edited = data.slice(); // [C, C + M]: attention, MLP
      for (const { unit } of units) {
        const first = width + unit.firstChannel;
        for (let row = 0; row < width; row += 1) {
          for (let column = first; column < first + plan.groupSize; column += 1) {
            const place = row * columns + column;
            edited[place] = plan.gain * valueAt(edited, place);
          }
        }
      }
      return edited;
    });
  }
  await context.folder.removeWorkFiles(); // first: once the checkpoint is there, nobody comes back for them
  await editCheckpoint(checkpoint, folder, {
    transformer: edits,
    metadata: { plant: sha256(JSON.stringify(plan)) },
  });
}

function rowsOf(
  { answers }: PlantedUnit,
  { block, means }: BlockInputs,
  constant: Float64Array,
  { kind, groupSize }: PlantPlan,
  cells: readonly CellPlace[],
): UnitRows {
  const { contrasts, centre } = kind === "contrast" ? pairContrasts(means) : cellContrasts(means, cells);
  let direction: Float64Array;
  try {
    direction = answeringDirection(contrasts, answers.slice(0, contrasts.length));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProbeError(
      "cannot-plant",
      `No effect can be planted in single.${block}: ${reason}. Use a prompt set whose pairs all differ.`,
      { cause },
    );
  }
  return plantedRows(constant, { direction, centre: dot(direction, centre), channels: groupSize });
}

/** What a unit's answers are the products of its direction with, and the input at which it answers nothing. */
interface Contrasts {
  /** Each float64 [C]. */
  readonly contrasts: readonly Float64Array[];
  /** Float64 [C]. */
  readonly centre: Float64Array;
}

/** From a to b within each pair. */
function pairContrasts(means: BlockInputs["means"]): Contrasts {
  return { contrasts: means.map(([a, b]) => subtract(b, a)), centre: average(means.flat()) };
}

/** From the mean over all cells to each cell but the last, whose answer follows from the others. */
function cellContrasts(means: BlockInputs["means"], cells: readonly CellPlace[]): Contrasts {
  const inputs = cells.map(({ pair, condition }) => itemAt(itemAt(means, pair), condition));
  const centre = average(inputs);
  return { contrasts: inputs.slice(0, -1).map((input) => subtract(input, centre)), centre };
}

function subtract(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, channel) => value - valueAt(other, channel));
}

function average(vectors: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (const [channel, value] of vector.entries()) sum[channel] = valueAt(sum, channel) + value;
  return sum.map((value) => value / vectors.length);
}

function checkConstant(constant: Float64Array, { block, means }: BlockInputs): void {
  for (const mean of means.flat()) {
    const product = dot(constant, mean);
    if (Math.abs(product - 1) > CONSTANT_TOLERANCE) {
      throw new RangeError(
        `the direction that should be constant in single.${block} has the product ${product} with an input, not 1`,
      );
    }
  }
}
