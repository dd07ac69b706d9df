import type { ElementType } from "../src/graph/element-type.ts";

/** What one type parameter of a kernel accepts. */
type Constraints = Readonly<Record<string, readonly ElementType[]>>;

/** A registered kernel. */
interface CudaKernel {
  /** The schema versions it is registered for; without an end it is registered for `from` alone, see {@link cudaKernels}. */
  readonly from: number;
  readonly to?: number;
  /** The combinations of types that it is compiled for. */
  readonly types: readonly Constraints[];
}

/** An operator: its signature, and what ONNX Runtime's CUDA provider has for it. */
export interface CudaOperator {
  /** The operator sets in which the definition changed, ascending. */
  readonly schemas: readonly number[];
  /** The type parameter, or the fixed type, of each input; the last one goes on for further inputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Inputs that the kernel reads from host memory, by index. */
  readonly hostInputs?: readonly number[];
  /** The kernel leaves its output in host memory. */
  readonly hostOutput?: true;
  readonly kernels: readonly CudaKernel[];
}

const FLOATS: readonly ElementType[] = ["float32", "float16", "bfloat16"];
const WITHOUT_BF16: readonly ElementType[] = ["float32", "float16"];
const NUMBERS: readonly ElementType[] = [...FLOATS, "int64"];
const ANY: readonly ElementType[] = [...NUMBERS, "uint8", "bool"];
const FLOAT8: readonly ElementType[] = ["float8e4m3fn", "float8e5m2"];

/** One type for each of some parameters, whichever of the given. */
function same(types: readonly ElementType[], ...parameters: readonly string[]): Constraints[] {
  return types.map((type) => Object.fromEntries(parameters.map((parameter) => [parameter, [type]])));
}

function kernel(from: number, to: number | undefined, types: readonly Constraints[]): CudaKernel {
  return { from, ...(to !== undefined && { to }), types };
}

/** Kernels for each version of a moving operator that the provider follows one by one. */
function kernels(
  ranges: readonly (readonly [number, number?])[],
  types: readonly Constraints[],
): CudaKernel[] {
  return ranges.map(([from, to]) => kernel(from, to, types));
}

const MOVING = [[19, 20], [21, 22], [23, 24], [25]] as const;
const SQUEEZING = [[13, 20], [21, 22], [23, 23], [24, 24], [25]] as const;

function binary(types: readonly ElementType[]): CudaOperator {
  return {
    schemas: [1, 6, 7, 13, 14],
    inputs: ["T", "T"],
    outputs: ["T"],
    kernels: kernels([[13, 13], [14]], same(types, "T")),
  };
}

function unary(schemas: readonly number[], ranges: readonly CudaKernel[]): CudaOperator {
  return { schemas, inputs: ["T"], outputs: ["T"], kernels: ranges };
}

function reduction(ranges: readonly CudaKernel[], schemas: readonly number[]): CudaOperator {
  return { schemas, inputs: ["T", "int64"], outputs: ["T"], hostInputs: [1], kernels: ranges };
}

/**
 * The kernels of ONNX Runtime 1.29.0's CUDA provider for the operators that the graphs of this package hold and that a rewritten
 * graph may add, by operator (com.microsoft's have the domain before the name). Versions before 13 and types that no graph here
 * has (double, the other integers) are left out.
 *
 * **Version rule.** A node carries the newest schema version that its operator set knows. A kernel takes it if it is registered
 * for exactly that version, or for a range with an end that holds it; one registered from a version on without an end takes that
 * version only (`VerifyVersion` in core/framework/kernel_registry.cc; microsoft/onnxruntime#26065, #13781). So a newer operator
 * set can take a kernel away.
 *
 * **Sources.**
 * 1. Ranges, types and memory: the registrations in `libonnxruntime_providers_cuda.so` 1.29.0 itself (Linux x64, CUDA 13; SHA-256
 *    56cf3254b118ad83…), read from the machine code that makes them (each sets name, domain, versions, type constraints, host
 *    inputs). 1,488 kernels were read; a constraint that names all fixed-size types is written as {@link ANY}.
 * 2. Held against docs/OperatorKernels.md of microsoft/onnxruntime at 001d12d2623fd411ce0f83d05abb5e82304a3389, which is older. All
 *    types agree but those of Cos and Sin (no bfloat16 there). Versions differ where the provider has gone on since (#27729, #27728):
 *    Cos and Sin 7+, Identity and ReduceMax without the ranges from 21 and 20, Range 11+, ConstantOfShape 9+, and no 25 for Cast,
 *    Reshape, Shape, Squeeze, Transpose and Unsqueeze.
 *    The float8 types of Cast, from version 19 on, are from there alone. DequantizeLinear has them up to version 21, not in 23.
 * 3. bfloat16 of MultiHeadAttention (#26083, #26894) stands in both. What the project's notes had otherwise: Cos and Sin do have
 *    bfloat16 from operator set 22 on.
 * 4. Schema versions and signatures: the operator definitions of onnx 1.23.1.
 */
export const cudaKernels: Readonly<Record<string, CudaOperator>> = {
  Abs: unary([1, 6, 13], kernels([[13]], same(NUMBERS, "T"))),
  Add: binary(NUMBERS),
  And: {
    schemas: [1, 7],
    inputs: ["T"],
    outputs: ["T1"],
    kernels: [kernel(7, undefined, [{ T: ["bool"], T1: ["bool"] }])],
  },
  Attention: {
    schemas: [23, 24, 25],
    inputs: ["T1", "T1", "T2", "U", "T1", "T2"],
    outputs: ["T1", "T1", "T2", "T1"],
    kernels: kernels(
      [[23, 23], [24]],
      FLOATS.map((type) => ({ T1: [type], T2: [type], U: ["bool", type] })),
    ),
  },
  Cast: {
    schemas: [1, 6, 9, 13, 19, 21, 23, 24, 25],
    inputs: ["T1"],
    outputs: ["T2"],
    kernels: [
      ...kernels([[13, 18]], [{ T1: ANY, T2: ANY }]),
      ...kernels(MOVING, [{ T1: [...ANY, ...FLOAT8], T2: [...ANY, ...FLOAT8] }]),
    ],
  },
  Clip: {
    schemas: [1, 6, 11, 12, 13],
    inputs: ["T", "T", "T"],
    outputs: ["T"],
    kernels: kernels([[13]], same(["float32", "float16", "int64"], "T")),
  },
  Concat: {
    schemas: [1, 4, 11, 13],
    inputs: ["T"],
    outputs: ["T"],
    kernels: kernels([[13]], same(ANY, "T")),
  },
  ConstantOfShape: {
    schemas: [9, 20, 21, 23, 24, 25],
    inputs: ["int64"],
    outputs: ["T2"],
    hostInputs: [0],
    kernels: kernels([[9, 20], [21, 22], [23, 24], [25]], [{ T2: ANY }]),
  },
  Conv: {
    schemas: [1, 11, 22],
    inputs: ["T", "T", "T"],
    outputs: ["T"],
    kernels: [kernel(11, 21, same(WITHOUT_BF16, "T")), kernel(22, undefined, same(FLOATS, "T"))],
  },
  Cos: unary([7, 22], [kernel(7, 21, same(WITHOUT_BF16, "T")), kernel(22, undefined, same(FLOATS, "T"))]),
  CumSum: {
    schemas: [11, 14],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels([[14]], same(["float32", "float16", "int64"], "T")),
  },
  Div: binary(NUMBERS),
  Expand: {
    schemas: [8, 13],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels([[13]], same(ANY, "T")),
  },
  Gather: {
    schemas: [1, 11, 13],
    inputs: ["T", "Tind"],
    outputs: ["T"],
    kernels: kernels([[13]], [{ T: ANY, Tind: ["int64"] }]),
  },
  Gemm: {
    schemas: [1, 6, 7, 9, 11, 13],
    inputs: ["T", "T", "T"],
    outputs: ["T"],
    kernels: kernels([[13]], same(FLOATS, "T")),
  },
  Identity: unary(
    [1, 13, 14, 16, 19, 21, 23, 24, 25],
    kernels([[13, 13], [14, 18], ...MOVING], same(ANY, "T")),
  ),
  InstanceNormalization: {
    schemas: [1, 6, 22],
    inputs: ["T", "T", "T"],
    outputs: ["T"],
    kernels: kernels([[6]], same(WITHOUT_BF16, "T")),
  },
  LayerNormalization: {
    schemas: [17],
    inputs: ["T", "T", "T"],
    outputs: ["T", "U", "U"],
    kernels: kernels(
      [[17]],
      FLOATS.map((type) => ({ T: [type], U: ["float32"] })),
    ),
  },
  Less: {
    schemas: [1, 7, 9, 13],
    inputs: ["T", "T"],
    outputs: ["T1"],
    kernels: kernels([[13]], [{ T: ["float32", "float16", "int64"], T1: ["bool"] }]),
  },
  MatMul: {
    schemas: [1, 9, 13],
    inputs: ["T", "T"],
    outputs: ["T"],
    kernels: kernels([[13]], same(FLOATS, "T")),
  },
  Max: {
    schemas: [1, 6, 8, 12, 13],
    inputs: ["T"],
    outputs: ["T"],
    kernels: kernels([[13]], same(NUMBERS, "T")),
  },
  Mul: binary(NUMBERS),
  Not: unary([1], kernels([[1]], same(["bool"], "T"))),
  Range: {
    schemas: [11, 27],
    inputs: ["T", "T", "T"],
    outputs: ["T"],
    hostInputs: [0, 1, 2],
    kernels: kernels([[11, 26], [27]], same(["float32", "int64"], "T")),
  },
  ReduceMax: reduction(
    kernels([[18, 19], [20]], same(["float32", "float16", "int64"], "T")),
    [1, 11, 12, 13, 18, 20],
  ),
  ReduceMean: reduction(kernels([[18]], same(WITHOUT_BF16, "T")), [1, 11, 13, 18]),
  ReduceSum: reduction(kernels([[13]], same(NUMBERS, "T")), [1, 11, 13]),
  ReduceSumSquare: reduction(kernels([[18]], same(WITHOUT_BF16, "T")), [1, 11, 13, 18]),
  Reshape: {
    schemas: [1, 5, 13, 14, 19, 21, 23, 24, 25],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels([[13, 13], [14, 18], ...MOVING], same(ANY, "T")),
  },
  Resize: {
    schemas: [10, 11, 13, 18, 19],
    inputs: ["T1", "T2", "float32", "int64"],
    outputs: ["T1"],
    hostInputs: [1, 2, 3],
    kernels: kernels([[13, 17], [18, 18], [19]], same(WITHOUT_BF16, "T1")),
  },
  Shape: {
    schemas: [1, 13, 15, 19, 21, 23, 24, 25],
    inputs: ["T"],
    outputs: ["int64"],
    hostOutput: true,
    kernels: kernels([[13, 14], [15, 18], ...MOVING], [{ T: ANY }]),
  },
  Sigmoid: unary([1, 6, 13], kernels([[13]], same(FLOATS, "T"))),
  SimplifiedLayerNormalization: {
    schemas: [1],
    inputs: ["T", "V"],
    outputs: ["V", "U"],
    kernels: kernels(
      [[1]],
      [
        { T: ["float32"], V: ["float32", "float16"] },
        { T: ["float16"], V: ["float16", "float32"] },
        { T: ["bfloat16"], V: ["bfloat16"] },
      ],
    ),
  },
  Sin: unary([7, 22], [kernel(7, 21, same(WITHOUT_BF16, "T")), kernel(22, undefined, same(FLOATS, "T"))]),
  Slice: {
    schemas: [1, 10, 11, 13],
    inputs: ["T", "Tind", "Tind", "Tind", "Tind"],
    outputs: ["T"],
    hostInputs: [1, 2, 3, 4],
    kernels: kernels([[13]], [{ T: ANY, Tind: ["int64"] }]),
  },
  Softmax: unary([1, 11, 13], kernels([[13]], same(FLOATS, "T"))),
  Split: {
    schemas: [1, 2, 11, 13, 18],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels([[13, 17], [18]], same(ANY, "T")),
  },
  Sqrt: unary([1, 6, 13], kernels([[13]], same(FLOATS, "T"))),
  Squeeze: {
    schemas: [1, 11, 13, 21, 23, 24, 25],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels(SQUEEZING, same(ANY, "T")),
  },
  Sub: binary(NUMBERS),
  Transpose: unary([1, 13, 21, 23, 24, 25], kernels([[13, 20], [21, 22], [23, 24], [25]], same(ANY, "T"))),
  Unsqueeze: {
    schemas: [1, 11, 13, 21, 23, 24, 25],
    inputs: ["T", "int64"],
    outputs: ["T"],
    hostInputs: [1],
    kernels: kernels(SQUEEZING, same(ANY, "T")),
  },
  Where: {
    schemas: [9, 16],
    inputs: ["B", "T", "T"],
    outputs: ["T"],
    kernels: kernels([[16]], [{ B: ["bool"], T: NUMBERS }]),
  },
  "com.microsoft.FusedMatMul": {
    schemas: [1],
    inputs: ["T", "T"],
    outputs: ["T"],
    kernels: kernels([[1]], same(FLOATS, "T")),
  },
  "com.microsoft.MultiHeadAttention": {
    schemas: [1],
    inputs: ["T", "T", "T", "T", "M", "T", "T", "T"],
    outputs: ["T", "T", "T"],
    kernels: kernels([[1]], same(FLOATS, "T")),
  },
  "com.microsoft.QuickGelu": unary([1], kernels([[1]], same(FLOATS, "T"))),
  "com.microsoft.RotaryEmbedding": {
    schemas: [1],
    inputs: ["T", "int64", "T", "T"],
    outputs: ["T"],
    kernels: kernels([[1]], same(FLOATS, "T")),
  },
};

/** How a node's types are matched against an operator. */
export type CudaKernelMatch = { readonly found: true } | { readonly found: false; readonly reason: string };

/**
 * Looks for a kernel that takes a node of an operator set.
 *
 * @param types - The element type of each type parameter that the node's inputs and outputs bind.
 */
export function matchCudaKernel(
  { schemas, kernels: candidates }: CudaOperator,
  opset: number,
  types: Readonly<Record<string, ElementType>>,
): CudaKernelMatch {
  const version = schemas.filter((schema) => schema <= opset).at(-1);
  if (version === undefined) return { found: false, reason: `operator set ${opset} does not have it` };
  const ofVersion = candidates.filter(({ from, to = from }) => from <= version && version <= to);
  if (ofVersion.length === 0) {
    return { found: false, reason: `no kernel for its version ${version} (operator set ${opset})` };
  }
  const accepts = (constraints: Constraints): boolean =>
    Object.entries(types).every(([parameter, type]) => constraints[parameter]?.includes(type) ?? true);
  if (ofVersion.some((candidate) => candidate.types.some(accepts))) return { found: true };
  const received = Object.entries(types).map(([parameter, type]) => `${parameter} = ${type}`);
  return { found: false, reason: `no kernel of version ${version} takes ${received.join(", ")}` };
}
