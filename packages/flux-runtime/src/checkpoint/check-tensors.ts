import { FluxRuntimeError } from "../errors.ts";
import { isWeightDtype, WEIGHT_DTYPES } from "../graph/model-graph.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import type { ComponentWeights } from "./component-weights.ts";
import type { LocatedWeight } from "./located-weight.ts";
import { QUANTIZED_ADVICE, recognizeWeights, type ForeignWeights } from "./recognize-weights.ts";

/** The tensors of a model as its configuration has them. */
export interface ExpectedTensors {
  /** Those that its graphs read. */
  readonly required: readonly RequiredTensor[];
  /** Names of those that may be there and are not read. */
  readonly unread?: ReadonlySet<string>;
}

/** Buffers that PyTorch modules save and that no forward pass reads, or that follow from the configuration. */
const BUFFERS = /(?:^|\.)(?:num_batches_tracked|inv_freq|position_ids)$/;

/**
 * Requires weights to be what the configuration calls for: every tensor there, in its shape and a type that graphs read, and
 * no other. With one too many the files describe another model than the configuration, whose results would differ.
 *
 * @throws {FluxRuntimeError} `unsupported-weights` if they are of a known kind that is not read; else `missing-tensor`,
 * `shape-mismatch`, `unsupported-dtype` or `unexpected-tensor`.
 */
export function checkTensors(
  { folder, tensors }: Pick<ComponentWeights, "folder" | "tensors">,
  { required, unread = new Set() }: ExpectedTensors,
): void {
  const requiredNames = new Set(required.map(({ name }) => name));
  const missing = required.filter(({ name }) => !tensors.has(name));
  const present = required.flatMap((tensor) => {
    const weight = tensors.get(tensor.name);
    return weight === undefined ? [] : [{ ...tensor, weight }];
  });
  const reshaped = present.filter(({ shape, weight }) => shape.join() !== weight.shape.join());
  const unreadable = present.filter(({ weight }) => !isWeightDtype(weight.dtype));
  const isUnread = (name: string): boolean => unread.has(name) && !requiredNames.has(name);
  const unexpected = [...tensors.keys()].filter(
    (name) =>
      !requiredNames.has(name) && !unread.has(name) && !BUFFERS.test(name) && !isPartOf(isUnread, name),
  );
  const quantized = present.find(({ weight }) => weight.unreadable !== undefined)?.weight.unreadable;
  if (quantized !== undefined) throw foreignWeights(folder, { ...quantized, advice: QUANTIZED_ADVICE });
  if (missing.length + reshaped.length + unreadable.length + unexpected.length === 0) return;

  refuseForeignWeights(folder, tensors);
  const blocks = describeBlocks([...requiredNames, ...unread], [...tensors.keys()]);
  const details = { folder, missing: missing.map(({ name }) => name), unexpected };
  const [absent] = missing;
  if (absent !== undefined) {
    throw new FluxRuntimeError(
      "missing-tensor",
      `${folder} lacks ${missing.length} of the ${required.length} tensors that its configuration calls for, ${absent.name} of shape [${absent.shape.join(", ")}] among them.${blocks}${describePrefix(details)} Use the config.json that belongs to these weights, and all of their files.`,
      { ...details, tensor: absent.name, expected: absent.shape },
    );
  }
  const [misfit] = reshaped;
  if (misfit !== undefined) {
    const { name, shape, weight } = misfit;
    throw new FluxRuntimeError(
      "shape-mismatch",
      `The tensor ${name} in ${weight.file} has another shape${andMore(reshaped)}: the configuration expects [${shape.join(", ")}], the file holds [${weight.shape.join(", ")}]. Use the config.json that belongs to these weights.`,
      { ...details, tensor: name, file: weight.file, expected: shape, received: weight.shape },
    );
  }
  const [untyped] = unreadable;
  if (untyped !== undefined) {
    const { name, weight } = untyped;
    throw new FluxRuntimeError(
      "unsupported-dtype",
      `The tensor ${name} in ${weight.file} is ${weight.dtype}${andMore(unreadable)}; expected one of ${WEIGHT_DTYPES.join(", ")}. Use a checkpoint in one of these types.`,
      { ...details, tensor: name, file: weight.file, received: weight.dtype },
    );
  }
  const extra = details.unexpected[0] ?? "";
  throw new FluxRuntimeError(
    "unexpected-tensor",
    `${folder} holds ${unexpected.length} tensors that its configuration does not call for, ${extra} among them.${blocks} The configuration describes another model than the weights, which would give other results without a word. Use the config.json that belongs to these weights, or remove the tensors that are not the model's.`,
    { ...details, tensor: extra },
  );
}

function refuseForeignWeights(folder: string, tensors: ReadonlyMap<string, LocatedWeight>): void {
  const foreign = recognizeWeights([...tensors].map(([name, { dtype }]) => ({ name, dtype })));
  if (foreign !== undefined) throw foreignWeights(folder, foreign);
}

function foreignWeights(folder: string, { what, evidence, advice }: ForeignWeights): FluxRuntimeError {
  return new FluxRuntimeError(
    "unsupported-weights",
    `${folder} holds ${what}: ${evidence} shows it. Expected are ${WEIGHT_DTYPES.join(", ")} tensors under the names of diffusers, transformers or Black Forest Labs, with at most one scale for each row. ${advice}`,
    { folder, kind: what, evidence },
  );
}

/** Whether a tensor is what a quantisation made of one of some others, or put next to it, by its name. */
function isPartOf(isOne: (name: string) => boolean, name: string): boolean {
  for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
    const start = name.slice(0, end);
    if (isOne(start) || isOne(`${start}.weight`)) return true;
  }
  return false;
}

function andMore({ length }: readonly unknown[]): string {
  return length > 1 ? `, and ${length - 1} more` : "";
}

/** The lists of blocks that are longer or shorter than they should be: a configuration of another size shows at a glance. */
function describeBlocks(expected: readonly string[], received: readonly string[]): string {
  const [wanted, held] = [countBlocks(expected), countBlocks(received)];
  return [...new Set([...wanted.keys(), ...held.keys()])]
    .filter((list) => wanted.get(list) !== held.get(list))
    .map(
      (list) =>
        ` The configuration calls for ${wanted.get(list) ?? 0} ${list}, the weights hold ${held.get(list) ?? 0}.`,
    )
    .join("");
}

/** How many entries each outermost list has, as in `transformer_blocks.4.…` of 5. */
function countBlocks(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const [, list, index] = /^(.*?)\.(\d+)\./.exec(name) ?? [];
    if (list !== undefined) counts.set(list, Math.max(counts.get(list) ?? 0, Number(index) + 1));
  }
  return counts;
}

/** Wrappers and other programs put a prefix before every name, or leave one out. */
function describePrefix({
  missing,
  unexpected,
}: Readonly<Record<"missing" | "unexpected", readonly string[]>>): string {
  for (const name of missing) {
    const longer = unexpected.find((held) => held.endsWith(`.${name}`));
    if (longer !== undefined)
      return ` The names have the prefix "${longer.slice(0, -name.length)}" too many.`;
    const shorter = unexpected.find((held) => name.endsWith(`.${held}`));
    if (shorter !== undefined) return ` The names lack the prefix "${name.slice(0, -shorter.length)}".`;
  }
  return "";
}
