import type { NodeProto } from "onnx-buf";
import type { AxisSizes } from "./axis-arithmetic.ts";
import { attributeOf, integerAttribute } from "./node-parts.ts";
import { countOf, fixedSize, type Size } from "./sizes.ts";

/**
 * The axes [batch, channels, height, width, …] of what a convolution or pooling makes.
 *
 * @param weights the kernels of a convolution, [channels, …, kernel axes]; `undefined` for pooling.
 */
export function slidingAxes(node: NodeProto, input: AxisSizes, weights?: AxisSizes): AxisSizes {
  const { sizes, isRankKnown } = input;
  const [batch, channels, ...places] = sizes;
  if (!isRankKnown || places.length === 0) return { sizes: sizes.map(() => undefined), isRankKnown };
  const kernel =
    attributeOf(node, "kernel_shape")?.ints.map(Number) ?? weights?.sizes.slice(2).map(countOf) ?? [];
  const axes = places.map((size, axis) => slide(node, countOf(size), kernel[axis], axis, places.length));
  return { sizes: [batch, weights === undefined ? channels : weights.sizes[0], ...axes], isRankKnown };
}

/** The number of places that a kernel takes along one axis; pads are all starts, then all ends. */
function slide(
  node: NodeProto,
  length: number | undefined,
  kernel: number | undefined,
  axis: number,
  axes: number,
): Size | undefined {
  const of = (name: string, index: number, other: number): number =>
    Number(attributeOf(node, name)?.ints[index] ?? other);
  if (length === undefined || kernel === undefined) return undefined;
  const stride = of("strides", axis, 1);
  const reach = of("dilations", axis, 1) * (kernel - 1) + 1;
  const padding = new TextDecoder().decode(attributeOf(node, "auto_pad")?.s);
  if (padding.startsWith("SAME")) return fixedSize(Math.ceil(length / stride));
  const padded = padding === "VALID" ? length : length + of("pads", axis, 0) + of("pads", axes + axis, 0);
  const steps = (padded - reach) / stride;
  return fixedSize((integerAttribute(node, "ceil_mode") === 1 ? Math.ceil(steps) : Math.floor(steps)) + 1);
}
