import { describe } from "../attention/match-projections.ts";
import { givenBatchSource, tokenSource } from "../attention/token-source.ts";
import { axisSizes } from "../graph/axis-lengths.ts";
import { type GraphScope, graphScopes } from "../graph/graph-scope.ts";
import type { ModelView } from "../graph/read-model.ts";
import {
  countOf,
  divideSizes,
  fixedSize,
  formatSize,
  isName,
  isSameSize,
  multiplySizes,
  type Size,
} from "../graph/sizes.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { PlacedTap } from "./capture-nodes.ts";
import type { SelectedTap } from "./selected-tap.ts";

/** What decides which lengths taps have to share. */
export interface PlacementOptions {
  /** The value whose first axis is the batch, if it is given. */
  readonly batchInput: string | undefined;
  /** Whether each token keeps values of its own. */
  readonly isPerToken: boolean;
}

/** The tensors that taps read, and the value whose first axis is their batch, if their own first axis is not. */
export interface Placement {
  readonly taps: readonly MeasuredTap[];
  readonly batchInput: string | undefined;
}

/** A tap with the lengths of its batch and its tokens, as far as the graph shows them. */
export interface MeasuredTap extends PlacedTap {
  readonly batch: Size | undefined;
  readonly tokens: Size | undefined;
}

/**
 * Choose the tensor that each tap reads, and make sure that one output can take what is captured of all of them.
 *
 * Attention in windows has more rows in its first axis than the batch. If the model has one input, and that one batch
 * item, all rows belong to this item; otherwise the batch is asked for.
 *
 * @throws HeadHooksError `unknown-batch` if the taps differ in their batch, or a batch that is given does not share out
 *   the rows of a tap; `unequal-tokens` if taps that need equally many tokens differ in them; `invalid-argument` for a
 *   mask that does not fit a tap.
 */
export function placeTaps(
  view: ModelView,
  taps: readonly SelectedTap[],
  options: PlacementOptions,
): Placement {
  const [main] = graphScopes(view);
  const asked = { taps: measureTaps(main, taps, options.batchInput), batchInput: options.batchInput };
  const apart = findPair(asked.taps, ({ batch }) => batch, areApart);
  if (apart === undefined) return fitting(main, asked, options);
  const batchInput = singleItem(view, main, taps, options);
  if (batchInput === undefined) throw differentBatches(...apart);
  return fitting(main, { taps: measureTaps(main, taps, batchInput), batchInput }, options);
}

function measureTaps(
  main: GraphScope,
  taps: readonly SelectedTap[],
  batchInput: string | undefined,
): MeasuredTap[] {
  return taps.map((tap) => {
    const placed = placeTap(main, tap, batchInput);
    const { sizes, isRankKnown } = axisSizes(main, placed.source);
    if (batchInput === undefined) {
      const [outer, inner] = isRankKnown ? sizes : [];
      return placed.isTokensFirst
        ? { ...placed, batch: inner, tokens: outer }
        : { ...placed, batch: outer, tokens: inner };
    }
    const [batch] = axisSizes(main, batchInput).sizes;
    const values = isRankKnown ? sizes.reduce(multiplySizes, fixedSize(1)) : undefined;
    const rows = divideSizes(values, fixedSize(tap.projection.inputChannels));
    const tokens = divideSizes(rows, batch);
    if (tokens === undefined || tokens.powers.size > 0 || tokens.denominator === 1) {
      return { ...placed, batch, tokens };
    }
    throw new HeadHooksError(
      "unknown-batch",
      `"${placed.source}" of ${describe(tap.projection)} has ${format(rows)} rows, which the ${format(batch)} batch items of "${batchInput}" do not share evenly; give another \`batchInput\`, or leave the projection out`,
      { node: tap.projection.node, input: placed.source, batchInput },
    );
  });
}

function placeTap(main: GraphScope, tap: SelectedTap, batchInput: string | undefined): PlacedTap {
  const { projection } = tap;
  // What is lifted out of branches has its batch and token axes; no node of the main graph says more of it.
  if (projection.readerIndex < 0) return { ...tap, source: projection.input, isTokensFirst: false };
  const { value, isTokensFirst } =
    batchInput === undefined ? tokenSource(main, projection) : givenBatchSource(main, projection);
  return { ...tap, source: value, isTokensFirst };
}

/** Two taps with lengths that differ, each length looked at once. */
function findPair(
  taps: readonly MeasuredTap[],
  lengthOf: (tap: MeasuredTap) => Size | undefined,
  differ: (a: Size, b: Size) => boolean,
): [MeasuredTap, MeasuredTap] | undefined {
  const distinct: { tap: MeasuredTap; length: Size }[] = [];
  for (const tap of taps) {
    const length = lengthOf(tap);
    if (length === undefined || distinct.some((earlier) => isSameSize(earlier.length, length))) continue;
    const other = distinct.find((earlier) => differ(earlier.length, length));
    if (other !== undefined) return [other.tap, tap];
    distinct.push({ tap, length });
  }
  return undefined;
}

/** Whether two lengths that do not look the same are apart: not if the graph shows nothing of one of them. */
function areApart(a: Size, b: Size): boolean {
  const isUnknown = (size: Size): boolean => !size.isTraced && isName(size);
  return differInEveryRun(a, b) || !(isUnknown(a) || isUnknown(b));
}

function differInEveryRun(a: Size, b: Size): boolean {
  const ratio = divideSizes(a, b);
  return ratio?.powers.size === 0 && countOf(ratio) !== 1;
}

/** The one input of a model, if it takes a single batch item, and no token is to be told from another. */
function singleItem(
  { inputs, initializers }: ModelView,
  main: GraphScope,
  taps: readonly SelectedTap[],
  { isPerToken }: PlacementOptions,
): string | undefined {
  const [only, ...others] = inputs.filter(({ name }) => !initializers.has(name));
  const areTokensNamed =
    isPerToken || taps.some(({ segmentsInput, maskInput }) => segmentsInput !== null || maskInput !== null);
  if (only === undefined || others.length > 0 || areTokensNamed) return undefined;
  return countOf(axisSizes(main, only.name).sizes[0]) === 1 ? only.name : undefined;
}

/** Make sure that taps that share an axis of tokens have equally many, and that a mask has an entry for each. */
function fitting(main: GraphScope, placement: Placement, { isPerToken }: PlacementOptions): Placement {
  for (const tap of placement.taps) requireMask(main, tap);
  const streams = new Map<string, MeasuredTap[]>();
  for (const tap of placement.taps) {
    const { segmentsInput, maskInput } = tap;
    if (!isPerToken && segmentsInput === null && maskInput === null) continue;
    const stream = isPerToken ? "" : JSON.stringify([segmentsInput, maskInput]);
    streams.set(stream, [...(streams.get(stream) ?? []), tap]);
  }
  for (const taps of streams.values()) {
    const apart = findPair(taps, ({ tokens }) => tokens, differInEveryRun);
    if (apart !== undefined) throw differentTokens(...apart);
  }
  return placement;
}

function requireMask(main: GraphScope, { projection, maskInput, batch, tokens }: MeasuredTap): void {
  if (maskInput === null) return;
  const { sizes, isRankKnown } = axisSizes(main, maskInput);
  const [items, entries] = sizes;
  const isShort = (countOf(entries) ?? Infinity) < (countOf(tokens) ?? 0);
  const isOther =
    countOf(items) !== 1 && items !== undefined && batch !== undefined && differInEveryRun(items, batch);
  if (!isRankKnown || (sizes.length === 2 && !isShort && !isOther)) return;
  throw new HeadHooksError(
    "invalid-argument",
    `the mask "${maskInput}" is [${sizes.map(format).join(", ")}], which does not fit ${describe(projection)}; expected [batch, tokens] = [${format(batch)}, ${format(tokens)}], or more tokens`,
    { node: projection.node, mask: maskInput },
  );
}

function differentBatches(first: MeasuredTap, other: MeasuredTap): HeadHooksError {
  const [one, two] = [first, other].map(
    ({ projection, source, batch }) => `"${source}" of ${describe(projection)} has ${format(batch)}`,
  );
  return new HeadHooksError(
    "unknown-batch",
    `the first axes of the taps differ, as behind attention in windows: ${one ?? ""}, ${two ?? ""}. Give \`batchInput\`, a value whose first axis is the batch of all of them, or hook them one by one`,
    { inputs: [first.source, other.source] },
  );
}

function differentTokens(first: MeasuredTap, other: MeasuredTap): HeadHooksError {
  return new HeadHooksError(
    "unequal-tokens",
    `${describe(first.projection)} sees ${format(first.tokens)} tokens and ${describe(other.projection)} ${format(other.tokens)}, but what is captured of them shares an axis of tokens; give each its own \`segmentsInput\` or \`maskInput\`, leave \`perToken\` out, or hook them one by one`,
    { nodes: [first.projection.node, other.projection.node] },
  );
}

function format(size: Size | undefined): string {
  return size === undefined ? "?" : formatSize(size);
}
