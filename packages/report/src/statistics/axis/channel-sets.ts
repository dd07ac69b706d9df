import { addGrams, gramMatrices, type Matrix } from "@measure-plantain/paired-stats";
import { formatUnitAddress, type UnitLayout } from "@measure-plantain/head-hooks";
import type { ChannelRange, GramMatrices } from "@measure-plantain/paired-stats";

/** Channels whose responses are taken together, as one vector. */
export interface ChannelSet {
  /** `all`, a block as `single.2`, a head as `single.2.head.5`, or a section without heads as `single.2.mlp`. */
  readonly address: string;
  readonly kind: "all" | "block" | "head" | "section";
}

/** The sets of a layout's channels, and how they are made up. */
export interface ChannelSets {
  readonly sets: readonly ChannelSet[];
  /** Disjoint, in channels of all taps one after the other. */
  readonly ranges: readonly ChannelRange[];
  /** For each set, the ranges that make it up. */
  readonly unions: readonly (readonly number[])[];
}

/** A set that is no union of others. */
interface Part {
  readonly block: string;
  readonly range: ChannelRange;
  readonly set: ChannelSet;
}

/** The kind of the sections that belong to the text stream's projection, which is no part of the published accounting. */
const TEXT_STREAM = "to_add_out";

/** Everything, each block, each head, and each section without heads, such as a block's MLP. */
export function listChannelSets({ groupSize, sections }: UnitLayout): ChannelSets {
  const parts = sections
    .filter(({ kind }) => kind !== TEXT_STREAM)
    .flatMap(({ path, block, firstUnit, channels, heads }): Part[] => {
      const first = firstUnit * groupSize;
      if (heads === null)
        return [{ block, range: rangeOf(first, channels), set: { address: path, kind: "section" } }];
      return Array.from({ length: heads.count }, (_, head) => {
        const address = formatUnitAddress({ type: "head", path: heads.path, head });
        return {
          block,
          range: rangeOf(first + head * heads.size, heads.size),
          set: { address, kind: "head" },
        };
      });
    });
  const blocks = [...new Set(parts.map(({ block }) => block))];
  const places = [...parts.keys()];
  return {
    ranges: parts.map(({ range }) => range),
    sets: [
      { address: "all", kind: "all" },
      ...blocks.map((block) => ({ address: block, kind: "block" }) as const),
      ...parts.map(({ set }) => set),
    ],
    unions: [
      places,
      ...blocks.map((block) => places.filter((place) => parts[place]?.block === block)),
      ...places.map((place) => [place]),
    ],
  };
}

function rangeOf(start: number, length: number): ChannelRange {
  return { start, stop: start + length };
}

/**
 * The Gram matrices of every set [sets, rows, rows].
 *
 * @param measurements - [rows, columns].
 * @param channelsPerColumn - How many channels each column stands for.
 * @param objects - Centres the rows of so many objects, each object by itself.
 */
export function gramsOfSets(
  measurements: Matrix,
  { ranges, unions }: ChannelSets,
  channelsPerColumn: number,
  objects?: number,
): GramMatrices {
  const inColumns = ranges.map(({ start, stop }) => ({
    start: start / channelsPerColumn,
    stop: stop / channelsPerColumn,
  }));
  const options = objects === undefined ? {} : { objects };
  return addGrams(gramMatrices(measurements, inColumns, options), unions);
}
