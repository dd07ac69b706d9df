import type { CrossedCell } from "@measure-plantain/prompts";
import { expect, it } from "vitest";
import { crossedCells } from "../../../test/synthetic-crossed.ts";
import { arrangeCells } from "./arrange-cells.ts";

const shownTwice: CrossedCell["places"] = [
  { pair: 3, condition: 0 },
  { pair: 5, condition: 1 },
];

it("takes the mean of the sides that show a cell, and puts the cells in their order", () => {
  const cells = crossedCells.cells.map((cell, place) =>
    place === 0 ? { ...cell, places: shownTwice } : cell,
  );
  const { data, shape } = arrangeCells(
    { ...crossedCells, cells },
    2,
    (pair, condition, column) => 100 * pair + 10 * condition + column,
  );
  expect(shape).toEqual([48, 2]);
  expect([data[0], data[1]]).toEqual([405, 406]);
  for (const [place, { places }] of crossedCells.cells.entries()) {
    if (place === 0) continue;
    const [{ pair, condition } = { pair: NaN, condition: NaN }] = places;
    expect(data[2 * place]).toBe(100 * pair + 10 * condition);
  }
});
