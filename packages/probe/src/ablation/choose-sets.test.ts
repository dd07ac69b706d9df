import { describe, expect, it } from "vitest";
import { pairedDifference, pairedT, selectPairs } from "@measure-plantain/paired-stats";
import { syntheticCaptures, syntheticLayout } from "../../test/synthetic-captures.ts";
import { type Captures, splitByGranularity } from "../captures/granularities.ts";
import { chooseSets as chooseFolded, type ChosenSet } from "./choose-sets.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 3, headsPerBlock: 4, headSize: 32 });
const captures = syntheticCaptures(layout, { pairs: 12, planted: { block: "single.1", effect: 0.3 } });
const asked = { granularity: "group", top: [], units: [], random: 20, seed: 0 } as const;
const allPairs = Array.from({ length: 12 }, (_, pair) => pair);
const halves = [0, 1].map((rest) => ({ rankedBy: allPairs.filter((pair) => pair % 2 === rest) }));

/** The sets of one fold in which all pairs rank. */
function chooseSets(
  from: Captures,
  settings: Parameters<typeof chooseFolded>[1],
): { units: readonly string[]; random: readonly (readonly string[])[] }[] {
  return chooseFolded(from, settings, [{ rankedBy: allPairs }]).map(({ units, random }) => ({
    units: units.flat(),
    random: random.map((set) => set.flat()),
  }));
}

const sectionOf = (address: string): string => address.replace(/\[.*/, "");
const sections = (units: readonly string[]): string[] => units.map(sectionOf).sort();

/** The captures with one unit that is the same everywhere. */
function withDegenerateUnit(): Captures {
  const data = captures.meanSquare.data.slice();
  for (let row = 0; row < 24; row += 1) data[row * layout.unitCount] = 1;
  return { layout, meanSquare: { data, shape: captures.meanSquare.shape } };
}

describe("chooseSets(captures, settings, folds)", () => {
  it("takes the strongest units by |t|, each smaller set within the larger", () => {
    const [three, ten] = chooseSets(captures, { ...asked, top: [3, 10] });
    expect(three?.units).toEqual(ten?.units.slice(0, 3));
    expect(ten?.units.filter((address) => address.startsWith("single.1.")).length).toBeGreaterThan(7);
  });

  it("random sets are of as many units of the same blocks and kinds, without repetition", () => {
    const [set] = chooseSets(captures, { ...asked, top: [7] });
    expect(set?.random).toHaveLength(20);
    for (const units of set?.random ?? []) {
      expect(sections(units)).toEqual(sections(set?.units ?? []));
      expect(new Set(units).size).toBe(7);
    }
    expect(new Set(set?.random.map((units) => units.toSorted().join())).size).toBeGreaterThan(15);
  });

  it("every unit of a section is drawn about as often as any other", () => {
    const units = ["single.2.mlp[0:16]", "single.2.mlp[16:32]"];
    const [set] = chooseSets(captures, { ...asked, units, random: 1_200 });
    const counts = new Map<string, number>();
    for (const address of set?.random.flat() ?? []) counts.set(address, (counts.get(address) ?? 0) + 1);
    expect(counts.size).toBe(24);
    // 2,400 units drawn over 24: 100 each, with a standard deviation below 10.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(45);
  });

  it("heads are compared with heads of the same block", () => {
    const [set] = chooseSets(captures, { ...asked, granularity: "head", top: [2] });
    for (const units of [set?.units ?? [], ...(set?.random ?? [])]) {
      expect(units.every((address) => /^(joint|single)\.\d\.head\.\d$/.test(address))).toBe(true);
    }
  });

  it("the seed decides the random sets", () => {
    const first = chooseSets(captures, { ...asked, top: [4] });
    expect(chooseSets(captures, { ...asked, top: [4] })).toEqual(first);
    expect(chooseSets(captures, { ...asked, top: [4], seed: 1 })[0]?.random).not.toEqual(first[0]?.random);
  });

  it("a unit that does not vary is never drawn", () => {
    const units = ["joint.0.to_out[16:32]"];
    const [set] = chooseSets(withDegenerateUnit(), { ...asked, units, random: 100 });
    expect(set?.random.flat()).not.toContain("joint.0.to_out[0:16]");
  });

  it.each([
    [
      "more units than there are",
      { top: [layout.unitCount] },
      /`top: 104` asks for the strongest of 103 units.*that vary/,
    ],
    [
      "a unit that there is not",
      { units: ["single.9.mlp[0:16]"] },
      /no group single\.9\.mlp\[0:16\].*units\.csv/,
    ],
    ["a unit that does not vary", { units: ["joint.0.to_out[0:16]"] }, /same difference in every pair/],
    [
      "a set that is all of its block and kind",
      { granularity: "head", units: [0, 1, 2, 3].map((head) => `single.0.head.${head}`) },
      /no other such set/,
    ],
  ] as const)("refuses %s", (_, changes, message) => {
    expect(() => chooseSets(withDegenerateUnit(), { ...asked, ...changes })).toThrow(message);
  });
});

describe("chooseSets in two halves", () => {
  const chooseHalves = (settings: object): ChosenSet[] =>
    chooseFolded(captures, { ...asked, ...settings }, halves);

  it("ranks by the pairs of each half alone", () => {
    const [set] = chooseHalves({ top: [6] });
    const groups = splitByGranularity(captures).find(({ name }) => name === "group");
    if (groups === undefined) throw new RangeError("the captures have groups");
    const differences = pairedDifference(groups.a, groups.b);
    for (const [half, { rankedBy }] of halves.entries()) {
      const { t } = pairedT(selectPairs(differences, rankedBy));
      const ranked = groups.records
        .map(({ address }, unit) => ({ address, size: Math.abs(t[unit] ?? NaN) }))
        .sort((one, other) => other.size - one.size);
      expect(set?.units[half]).toEqual(ranked.slice(0, 6).map(({ address }) => address));
    }
    expect(set?.units[0]).not.toEqual(set?.units[1]);
  });

  it("what the pairs of one half measured does not change the set that is tried on them", () => {
    const data = captures.meanSquare.data.map((value, place) =>
      Math.floor(place / (2 * layout.unitCount)) % 2 === 1 ? value * (1 + (place % 7)) : value,
    );
    const changed = { layout, meanSquare: { data, shape: captures.meanSquare.shape } };
    const [before] = chooseHalves({ top: [6] });
    const [after] = chooseFolded(changed, { ...asked, top: [6] }, halves);
    expect(after?.units[0]).toEqual(before?.units[0]);
    expect(after?.units[1]).not.toEqual(before?.units[1]);
  });

  it("random sets of the halves share as many units as the set's own halves do", () => {
    const [top, named] = chooseHalves({ top: [9], units: ["single.2.mlp[0:16]"], random: 50 });
    const shared = ([one = [], other = []]: readonly (readonly string[])[]): number =>
      one.filter((unit) => other.includes(unit)).length;
    const expected = shared(top?.units ?? []);
    expect(expected).toBeGreaterThan(0);
    expect(expected).toBeLessThan(9);
    expect(top?.random.map(shared)).toEqual(Array(50).fill(expected));
    expect(named?.random.every(([one, other]) => one?.join() === other?.join())).toBe(true);
  });
});
