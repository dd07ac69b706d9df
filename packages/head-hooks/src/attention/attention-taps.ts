import { inlineFunctions } from "../graph/inline-functions.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { nearestNames } from "../nearest-names.ts";
import { isLiftable } from "./branch-twins.ts";
import { type AttentionProjection, type ChannelPart, findAttention } from "./find-attention.ts";
import { isSameProjection, matchProjections } from "./match-projections.ts";
import { compileNamePattern } from "./name-pattern.ts";
import type { Projection } from "./projection.ts";
import { findProjections } from "./projections.ts";
import type { SectionSpec, TapSpec } from "./tap-spec.ts";

/** Which attention to tap, and what the graph may not show. */
export interface AttentionTapOptions {
  /**
   * Only the projections with a name that this matches, as in `TapSpec.at`. Default: all but those that cannot be tapped,
   * inside a Loop, a Scan or one branch alone, unless there are no others.
   */
  readonly at?: string | RegExp;
  /** The number of heads of attention's channels, if the graph does not show it. */
  readonly heads?: number;
}

/**
 * Taps for the attention output projections that `findAttentionProjections` finds, with their heads: paths are the
 * module's where the exporter left it, else the node's; a projection that takes attention beside other channels has
 * the sections `PATH.attn` and `PATH.other`; the heads are `PATH.head.N`.
 *
 * @throws HeadHooksError `no-match` if the model has no attention, or none that `at` matches; `unknown-heads` if the
 *   graph does not show the number of heads and `heads` is not given, or not which channels are attention's; `head-size` if `heads` does not divide the
 *   channels, or contradicts the graph.
 * @example
 * ```ts
 * const { model, layout } = hookModel(bytes, { taps: attentionTaps(bytes, { at: "encoder.**" }) });
 * ```
 */
export function attentionTaps(model: Uint8Array, options: AttentionTapOptions = {}): TapSpec[] {
  return attentionTapsOf(inlineFunctions(readModel(model)), options);
}

/** {@link attentionTaps} of a model that was read already. */
export function attentionTapsOf(view: ModelView, { at, heads }: AttentionTapOptions = {}): TapSpec[] {
  const all = findAttention(view);
  const pattern = at === undefined ? undefined : compileNamePattern(at);
  const liftable = all.filter((found) => isLiftable(view, found));
  // Where all of them are inside bodies, the error that says so is clearer than none found.
  const byDefault = liftable.length > 0 ? liftable : all;
  const wanted =
    pattern === undefined
      ? byDefault
      : all.filter(({ names }) => names.some((name) => pattern(name) !== undefined));
  if (wanted.length === 0) throw noMatch(all, at);
  const paths = uniquePaths(wanted);
  return wanted.map((found, index) => ({
    at: found,
    sections: sectionsOf(found, paths[index] ?? "", heads),
  }));
}

/**
 * Taps for every projection with a name that `at` matches, whatever it takes: those behind attention with their heads,
 * as {@link attentionTaps}; for the others `heads`, if given, counts the heads of all channels.
 *
 * @throws HeadHooksError `no-match` with the nearest names if nothing matches; `head-size` as {@link attentionTaps}.
 * @example
 * ```ts
 * const { layout } = hookModel(bytes, { taps: projectionTaps(bytes, { at: "blocks.*.mlp.fc2" }), groupSize: 16 });
 * ```
 */
export function projectionTaps(
  model: Uint8Array,
  { at, heads }: AttentionTapOptions & { readonly at: string | RegExp },
): TapSpec[] {
  const view = inlineFunctions(readModel(model));
  const behindAttention = findAttention(view);
  const matched = matchProjections(findProjections(view), at).map(({ projection }) => {
    const found = behindAttention.find((candidate) => isSameProjection(candidate, projection));
    const whole: ChannelPart = {
      kind: "other",
      channels: projection.inputChannels,
      heads: null,
      headSize: null,
    };
    const parts = found?.parts ?? [whole];
    const isKnown = parts.every((part) => part.kind === "other" || part.heads !== null);
    return { found: { ...projection, attention: found?.attention ?? null, parts }, isKnown };
  });
  const paths = uniquePaths(matched.map(({ found }) => found));
  return matched.map(({ found, isKnown }, index) => {
    const path = paths[index] ?? "";
    if (found.attention !== null && (isKnown || heads !== undefined)) {
      return { at: found, sections: sectionsOf({ ...found, attention: found.attention }, path, heads) };
    }
    const own = escapeTemplate(path);
    return { at: found, path: own, ...(heads !== undefined && { heads: { path: own, count: heads } }) };
  });
}

/** A path for each projection: the module's, or a number where several would share it. */
function uniquePaths(projections: readonly Projection[]): string[] {
  const suggested = projections.map(({ path }) => path);
  return suggested.map((path, index) =>
    suggested.indexOf(path) === suggested.lastIndexOf(path) ? path : `projection.${index}`,
  );
}

function sectionsOf(found: AttentionProjection, path: string, heads: number | undefined): SectionSpec[] {
  const unknown = found.parts.filter((part) => part.kind === "attention" && part.heads === null);
  if (heads !== undefined && unknown.length > 1) {
    throw hiddenParts(found, `how many heads each of its ${unknown.length} attentions has`);
  }
  const names = found.parts.map(({ kind }) => (kind === "attention" ? "attn" : "other"));
  return found.parts.map((part, index): SectionSpec => {
    const name = names[index] ?? part.kind;
    const isOnly = names.filter((other) => other === name).length === 1;
    const own = found.parts.length === 1 ? path : `${path}.${isOnly ? name : `${name}${index}`}`;
    // In a path, braces would ask for what a pattern matched.
    const section = {
      path: escapeTemplate(own),
      channels: part.channels,
      block: escapeTemplate(path),
      kind: name,
    };
    if (part.kind === "other") return section;
    if (part.kind === "mixed") throw hiddenParts(found, "which channels of its input are attention's");
    const headPath = escapeTemplate(isOnly ? path : own);
    return { ...section, heads: { path: headPath, count: headCount(found, part, heads) } };
  });
}

function headCount(
  { node, input, attention }: AttentionProjection,
  { channels, heads: shown, areHeadsScattered = false }: ChannelPart,
  given: number | undefined,
): number {
  if (areHeadsScattered) {
    throw new HeadHooksError(
      "unknown-heads",
      `the channels are not whole heads one after the other at ${node || input} (behind ${attention.op} ${attention.node}), but merged in another order, or cut through; name the projection in \`taps\` without heads`,
      { node },
    );
  }
  if (given !== undefined && shown !== null && given !== shown) {
    throw new HeadHooksError(
      "head-size",
      `the graph shows ${shown} heads at ${node || input} (behind ${attention.op} ${attention.node}), but ${given} were given; leave the number out`,
      { node, expected: shown, received: given },
    );
  }
  const count = shown ?? given;
  if (count !== undefined && channels % count === 0) return count;
  if (count !== undefined) {
    throw new HeadHooksError(
      "head-size",
      `the ${channels} channels of attention at ${node || input} (behind ${attention.op} ${attention.node}) are not divisible by ${count} heads; give a divisor`,
      { node, channels, heads: count },
    );
  }
  throw new HeadHooksError(
    "unknown-heads",
    `the graph does not show how many heads meet at ${node || input} (behind ${attention.op} ${attention.node}); give their number as \`heads\``,
    { node },
  );
}

function hiddenParts({ node, input, attention }: AttentionProjection, what: string): HeadHooksError {
  return new HeadHooksError(
    "unknown-heads",
    `${node || input} (behind ${attention.op} ${attention.node}) takes several things side by side, and the graph does not show ${what}, so one number of heads does not fit; name the projection in \`taps\`, with its \`sections\``,
    { node },
  );
}

function noMatch(all: readonly AttentionProjection[], at: string | RegExp | undefined): HeadHooksError {
  if (all.length === 0) {
    return new HeadHooksError(
      "no-match",
      "the model has no attention: no projection takes a product of a softmax and values, nor the output of a fused attention operator; name the projections to tap by `at`",
      { at: at === undefined ? "" : String(at), nearest: [] },
    );
  }
  const nearest = nearestNames(
    String(at),
    all.flatMap(({ names }) => names),
    5,
  );
  return new HeadHooksError(
    "no-match",
    `"${String(at)}" matches none of the model's ${all.length} attention output projections; the nearest names are ${nearest.join(", ")}`,
    { at: String(at), nearest },
  );
}

function escapeTemplate(path: string): string {
  return path.replaceAll("{", "(").replaceAll("}", ")");
}
