import { withoutLevels, type PromptSet } from "../prompt-set.ts";

/**
 * The A/A control: the same side twice, by turns side a and side b of the pairs, with their ids and their order.
 *
 * It measures what remains when no prompt differs, so the runner must let the noise differ: two noise seeds for each pair,
 * of its own. Under one seed every difference is exactly 0; the same two seeds in every pair would be a consistent
 * contrast themselves.
 *
 * `grade`, factors and levels are dropped; `meta` says which condition the side comes from.
 *
 * @param options - `name` names the result.
 * @example
 * const control = identicalPromptSet(await loadPromptSet("measure"));
 * control.pairs[0].a === control.pairs[0].b; // true
 */
export function identicalPromptSet(
  set: PromptSet,
  { name = `${set.name}-identical` }: { readonly name?: string } = {},
): PromptSet {
  return {
    name,
    version: set.version,
    title: `Control: the prompts of ${set.name} against themselves, for another noise seed`,
    labels: { a: "first pass", b: "second pass" },
    ...(set.reference !== undefined && { reference: set.reference }),
    pairs: set.pairs.map((pair, index) => {
      const condition = index % 2 === 0 ? "a" : "b";
      const side = withoutLevels(pair[condition]);
      return { id: pair.id, a: side, b: side, meta: { condition } };
    }),
  };
}
