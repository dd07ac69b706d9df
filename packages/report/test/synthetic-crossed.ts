import { listCells, loadPromptSet, type CrossedCells } from "@measure-plantain/prompts";
import type { Captures } from "@measure-plantain/probe";
import { seededNormal } from "../../probe/test/synthetic-captures.ts";
import { syntheticLayout } from "./synthetic-probe.ts";

/** The standard deviation of the noise. */
const SCATTER = 0.1;

/** What the channels of one block respond to, next to noise: by row and level of the set. */
export type CellResponse = (row: number, level: number) => number;

/** The cells of `measure-crossed`: eight objects in six sizes. */
export const crossedCells: CrossedCells = await readCells();

export const crossedLayout: Captures["layout"] = syntheticLayout({
  jointBlocks: 1,
  singleBlocks: 2,
  headsPerBlock: 2,
  headSize: 32,
});

async function readCells(): Promise<CrossedCells> {
  const cells = listCells(await loadPromptSet("measure-crossed"));
  if (cells === null) throw new TypeError("measure-crossed is a crossed set");
  return cells;
}

/**
 * Captures of a small network for `measure-crossed`. Every channel is noise about a level of its own; those of `single.1` respond
 * besides, each by its own factor.
 */
export function syntheticCrossed(response: CellResponse, seed = 1): Captures {
  const normal = seededNormal(seed);
  const { unitCount, groupSize, sections } = crossedLayout;
  const channels = unitCount * groupSize;
  const level = Float64Array.from({ length: channels }, () => 3 + normal());
  const factor = Float64Array.from({ length: channels }, () => 0.3 + 0.1 * normal());
  const responds = Array.from({ length: channels }, (_, channel) =>
    sections.some(
      ({ block, firstUnit, unitCount: units }) =>
        block === "single.1" && channel >= firstUnit * groupSize && channel < (firstUnit + units) * groupSize,
    ),
  );
  const pairs = Math.max(...crossedCells.cells.flatMap(({ places }) => places.map(({ pair }) => pair))) + 1;
  const signed = new Float32Array(pairs * 2 * channels);
  const meanSquare = new Float32Array(pairs * 2 * unitCount);
  for (const { row, level: size, places } of crossedCells.cells)
    for (const { pair, condition } of places)
      for (let channel = 0; channel < channels; channel += 1) {
        const value =
          (level[channel] ?? NaN) +
          SCATTER * normal() +
          (responds[channel] === true ? (factor[channel] ?? NaN) * response(row, size) : 0);
        const side = 2 * pair + condition;
        signed[side * channels + channel] = value;
        const unit = side * unitCount + Math.floor(channel / groupSize);
        meanSquare[unit] = (meanSquare[unit] ?? NaN) + value ** 2 / groupSize;
      }
  return {
    layout: crossedLayout,
    meanSquare: { data: meanSquare, shape: [pairs, 2, unitCount] },
    signed: { data: signed, shape: [pairs, 2, channels] },
  };
}
