import type { AttentionRole } from "../attention/attention-core.ts";
import type { ElementType } from "../graph/element-types.ts";

/** A floating-point value that a node of the main graph computes from the model's inputs. */
export interface Activation {
  /** The name of the value, which no other value of the graph has. */
  readonly value: string;
  /** The name of the node that makes it; may be empty, since ONNX does not ask for one. */
  readonly node: string;
  /** The operator that makes it. */
  readonly op: string;
  /**
   * Every name that a pattern is matched against: the value's; the node's, with `:K` behind it for result K of several; and
   * where the exporter left the path of the module, that path for what leaves the module (as a forward hook sees it) and
   * `MODULE/OPERATOR` for what is within it, as `blocks.0.attn/Softmax`.
   */
  readonly names: readonly string[];
  /** What a tap of it is called by default: the module that it leaves, else the best of `names`. */
  readonly path: string;
  /** The element type; `null` where the graph does not show it. */
  readonly elementType: ElementType | null;
  /** The length of each axis, or the name of a symbol, or `null`; all of it `null` where the graph does not show the number of axes. */
  readonly axes: readonly (number | string | null)[] | null;
  /** What it is to an attention; `null` for most. */
  readonly role: AttentionRole | null;
}
