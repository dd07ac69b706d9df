import { withoutLevels, type PromptSet } from "../prompt-set.ts";
import { PromptsError } from "../prompts-error.ts";
import { createRandomNumbers } from "./random-numbers.ts";
import { randomOrder } from "./random-order.ts";

/**
 * The `shuffled` control: the members of each condition re-paired at random among themselves.
 *
 * Both sides of a pair come from the same condition (a or b) of two different pairs: they differ in sentence, words and
 * length, but not in the contrast that the set is about. The pairs stand in a random circle, and each is coupled with
 * its successor, within a and within b by turns. So an even number of pairs uses every member once; an odd number uses
 * one member of condition a twice and its partner in condition b not at all.
 *
 * A coin decides which of the two becomes side b. Without it every sentence would stand once on each side, the sentences
 * would cancel out of the mean difference while they widen its spread, and every t would be too near to 0. With it, the
 * sign of each difference is arbitrary: exactly what the sign-flip null of a paired test assumes.
 *
 * The pairs keep their ids and their order: a pair holds its own member and its successor's. `grade`, factors and
 * levels are dropped; `meta` says the condition and the ids of the pairs that side a and side b come from.
 *
 * @param options - `seed` from 0 to 2^53 − 1 decides circle and coins; `name` names the result.
 * @throws {PromptsError} `invalid-argument`
 * @example
 * const control = shufflePromptSet(await loadPromptSet("measure"), { seed: 0 });
 * control.pairs[0].meta; // { condition: "b", from: ["microscopic-planetary", "micrometer-kilometer-wide"] }
 */
export function shufflePromptSet(
  set: PromptSet,
  { seed = 0, name = `${set.name}-shuffled` }: { readonly seed?: number; readonly name?: string } = {},
): PromptSet {
  if (!Number.isSafeInteger(seed) || seed < 0) throw invalidSeedError(set.name, seed);
  const next = createRandomNumbers(seed);
  const circle = randomOrder(set.pairs.length, next).flatMap((index) => set.pairs[index] ?? []);
  const coupled = new Map(
    circle.map((own, place) => {
      const other = circle[(place + 1) % circle.length] ?? own;
      const [first, second] = next() < 0.5 ? [own, other] : [other, own];
      const condition = place % 2 === 0 ? "a" : "b";
      const meta = { condition, from: [first.id, second.id] };
      const [a, b] = [withoutLevels(first[condition]), withoutLevels(second[condition])];
      return [own.id, { id: own.id, a, b, meta }];
    }),
  );
  return {
    name,
    version: `${set.version}+seed.${seed}`,
    title: `Control: the members of ${set.name} re-paired at random within a condition`,
    labels: { a: "one member", b: "another member" },
    ...(set.reference !== undefined && { reference: set.reference }),
    pairs: set.pairs.map((pair) => coupled.get(pair.id) ?? pair),
  };
}

function invalidSeedError(source: string, seed: number): PromptsError {
  return new PromptsError(
    [
      {
        code: "invalid-argument",
        path: "",
        what: "the seed of the shuffle is not usable",
        expected: "a whole number from 0 to 2^53 − 1",
        received: String(seed),
        advice: "Give another seed, or none for seed 0.",
      },
    ],
    { source },
  );
}
