import { formatUnitAddress, type UnitLayout } from "@measure-plantain/head-hooks";

/** Channels next to each other, from `start` up to and without `stop`. */
export interface ChannelRange {
  /** The first channel. */
  readonly start: number;
  /** The channel behind the last one. */
  readonly stop: number;
}

/** What a family's sets are: everything, the blocks, the heads, or sections without heads, such as a block's MLP. */
export type SetKind = "all" | "block" | "head" | "section";

/** Sets of one kind, whose statistics are corrected for their number together. */
export interface SetFamily {
  /** What its sets are. */
  readonly kind: SetKind;
  /** `all`, or as `single.2`, `single.2.head.5`, `single.2.mlp`. */
  readonly addresses: readonly string[];
  /** For each set, the ranges that make it up. */
  readonly unions: readonly (readonly number[])[];
}

/** The sets of a layout's channels, and how they are made up. */
export interface ChannelSets {
  /** Disjoint, in channels of all taps one after the other. */
  readonly ranges: readonly ChannelRange[];
  /** Everything first; kinds that the layout does not have are left out. */
  readonly families: readonly SetFamily[];
}

/** A set that is no union of others. */
interface Part {
  readonly kind: "head" | "section";
  readonly address: string;
  readonly block: string;
  readonly range: ChannelRange;
}

/** The kind of the sections that belong to the text stream's projection, which is no part of the published accounting. */
const TEXT_STREAM = "to_add_out";

/** Everything, each block, each head, and each section without heads. */
export function listChannelSets({ groupSize, sections }: UnitLayout): ChannelSets {
  const parts = sections
    .filter(({ kind }) => kind !== TEXT_STREAM)
    .flatMap(({ path, block, firstUnit, channels, heads }): Part[] => {
      const first = firstUnit * groupSize;
      if (heads === null) return [{ kind: "section", address: path, block, range: rangeOf(first, channels) }];
      return Array.from({ length: heads.count }, (_, head) => ({
        kind: "head",
        address: formatUnitAddress({ type: "head", path: heads.path, head }),
        block,
        range: rangeOf(first + head * heads.size, heads.size),
      }));
    });
  const places = [...parts.keys()];
  const blocks = [...new Set(parts.map(({ block }) => block))];
  const partsOf = (kind: Part["kind"]): SetFamily => {
    const own = places.filter((place) => parts[place]?.kind === kind);
    return {
      kind,
      addresses: own.map((place) => parts[place]?.address ?? ""),
      unions: own.map((place) => [place]),
    };
  };
  const families: readonly SetFamily[] = [
    { kind: "all", addresses: ["all"], unions: [places] },
    {
      kind: "block",
      addresses: blocks,
      unions: blocks.map((block) => places.filter((place) => parts[place]?.block === block)),
    },
    partsOf("head"),
    partsOf("section"),
  ];
  return {
    ranges: parts.map(({ range }) => range),
    families: families.filter(({ addresses }) => addresses.length > 0),
  };
}

/** All channels as one set. */
export function wholeSet(channels: number): ChannelSets {
  return {
    ranges: [rangeOf(0, channels)],
    families: [{ kind: "all", addresses: ["all"], unions: [[0]] }],
  };
}

function rangeOf(start: number, length: number): ChannelRange {
  return { start, stop: start + length };
}
