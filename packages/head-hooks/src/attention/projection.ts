import type { ElementType } from "../graph/element-types.ts";

/** The operators that multiply by a constant matrix; all but the first three are ONNX Runtime's or quantised. */
export type ProjectionOperator =
  | "MatMul"
  | "Gemm"
  | "Einsum"
  | "FusedMatMul"
  | "MatMulNBits"
  | "MatMulInteger"
  | "MatMulIntegerToFloat"
  | "DynamicQuantizeMatMul"
  | "QLinearMatMul";

/** A node that multiplies token vectors by a constant matrix. */
export interface Projection {
  /** The node's name; may be empty, since ONNX does not ask for one. Inside a function it has the call's before it. */
  readonly node: string;
  /** The node's place in the list of its graph's nodes, functions written out. */
  readonly nodeIndex: number;
  /** The operator that multiplies. */
  readonly op: ProjectionOperator;
  /** The name of the initializer, or of the Constant node's value, that the weight comes from. */
  readonly weight: string;
  /** The name of the bias that is added behind it; `null` if none is. */
  readonly bias: string | null;
  /**
   * The name of the floating-point tensor that is multiplied. Where the input is quantised, the tensor before that;
   * where there is none, the quantised input itself, which the tap dequantises.
   */
  readonly input: string;
  /** Channels of a token before the product. */
  readonly inputChannels: number;
  /** The axes that these channels are in the input: one, or of an Einsum as many as it sums over. */
  readonly inputAxes: readonly number[];
  /** Channels of a token behind the product. */
  readonly outputChannels: number;
  /** The element type of the input. */
  readonly elementType: ElementType;
  /** Every name that a pattern is matched against: node, weight, module paths from metadata and from the bias. */
  readonly names: readonly string[];
  /** What its addresses begin with by default: the module's path where the exporter left it, else a name. */
  readonly path: string;
  /** The graph that the node stands in: empty for the main graph, else the path of a body, as `If_3/then_branch`. */
  readonly scope: string;
  /** The place of the node that reads `input`: the projection's own, or of the operator that quantises it. */
  readonly readerIndex: number;
  /** How to dequantise `input` where it is quantised; `null` where it is floating-point. */
  readonly quantization: { readonly scale: string; readonly zeroPoint: string } | null;
  /** In the first branch of an If: the same projection in the second; `null` elsewhere. */
  readonly twin: Projection | null;
}
