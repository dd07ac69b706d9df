import { findAttention } from "../attention/find-attention.ts";
import type { ProjectionOperator } from "../attention/projection.ts";
import { findProjections } from "../attention/projections.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { readModel } from "../graph/read-model.ts";
import { formatUnitAddress } from "../units/unit-address.ts";
import type { HookOptions } from "./hook-options.ts";
import { planHooks } from "./plan-hooks.ts";

/** One section of a projection that would be tapped. */
export interface TapRecord {
  /** The address of all its channels, as `single.2.attn[0:3072]`. */
  readonly address: string;
  /** The projection's node, or its weight if the node has no name. */
  readonly node: string;
  /** `null` if an earlier hook dropped the projection, see `HookOptions.keepOutputs`. */
  readonly op: ProjectionOperator | null;
  /** How many channels. */
  readonly channels: number;
  /** The number of attention heads; `null` if none are laid out. */
  readonly heads: number | null;
  /** Channels per head; `null` as `heads`. */
  readonly headSize: number | null;
  /** What mixes the tokens before it, if the graph's structure shows it: `Softmax layer.0/Softmax`. */
  readonly attention: string | null;
}

/**
 * What `hookModel` would tap with the same options, without writing a model.
 *
 * @throws HeadHooksError as `hookModel`.
 * @example
 * ```ts
 * console.table(listTaps(await readFile("model.onnx")));
 * ```
 */
export function listTaps(model: Uint8Array, options: HookOptions = {}): TapRecord[] {
  const { layout } = planHooks(model, options);
  const view = inlineFunctions(readModel(model));
  const keyOf = (found: { node: string; weight: string; input: string }): string =>
    JSON.stringify([found.node, found.weight, found.input]);
  const operators = new Map(findProjections(view).map((found) => [keyOf(found), found.op]));
  const attention = new Map(findAttention(view).map((found) => [keyOf(found), found.attention]));
  return layout.sections.map(({ path, channels, heads, tap }) => {
    const { node = "", weight = "", input = "" } = layout.taps[tap] ?? {};
    const key = keyOf({ node, weight, input });
    const core = attention.get(key);
    return {
      address: formatUnitAddress({ type: "group", path, start: 0, stop: channels }),
      node: node === "" ? weight : node,
      op: operators.get(key) ?? null,
      channels,
      heads: heads?.count ?? null,
      headSize: heads?.size ?? null,
      attention: core === undefined ? null : `${core.op} ${core.node}`,
    };
  });
}
