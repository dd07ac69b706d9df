import type { ComponentWeights } from "./component-weights.ts";

/** A transformer that is known by its sizes. */
export interface KnownShape {
  /** What it is called, as in "a transformer of the sizes of …". */
  readonly name: string;
  /** The checkpoint that has configurations, tokenizer and other models for it, as `resolveCheckpoint` takes it. */
  readonly checkpoint: string;
  /** Double-stream blocks. */
  readonly jointBlocks: number;
  /** Single-stream blocks. */
  readonly singleBlocks: number;
  /** Channels of the residual stream. */
  readonly width: number;
  /** Channels of a prompt's embedding. */
  readonly textWidth: number;
  /** Whether the file's name says that it is this one of several of the same sizes. */
  readonly nameSays?: RegExp;
}

/** In the order in which they are tried: of equal sizes the base model is taken unless the name says otherwise. */
const shapes: readonly KnownShape[] = [
  ...bothOfASize("4B", { jointBlocks: 5, singleBlocks: 20, width: 3_072, textWidth: 3 * 2_560 }),
  ...bothOfASize("9B", { jointBlocks: 8, singleBlocks: 24, width: 4_096, textWidth: 3 * 4_096 }),
  { name: "tiny", checkpoint: "tiny", jointBlocks: 5, singleBlocks: 20, width: 128, textWidth: 3 * 64 },
];

type Sizes = Pick<KnownShape, "jointBlocks" | "singleBlocks" | "width" | "textWidth">;

/** The distilled model and the base model of one size differ in their weights only. */
function bothOfASize(size: string, sizes: Sizes): KnownShape[] {
  const owner = "black-forest-labs";
  return [
    {
      name: `FLUX.2 Klein ${size} (distilled)`,
      checkpoint: `${owner}/FLUX.2-klein-${size}`,
      nameSays: /klein(?!.*base)/i,
      ...sizes,
    },
    { name: `FLUX.2 Klein ${size} (base)`, checkpoint: `${owner}/FLUX.2-klein-base-${size}`, ...sizes },
  ];
}

/** What is known of a transformer by its sizes, and by the name of its file. */
export function findKnownShape(weights: ComponentWeights, fileName: string): KnownShape | undefined {
  const sizes = measureTransformer(weights);
  return shapes.find(
    ({ jointBlocks, singleBlocks, width, textWidth, nameSays }) =>
      jointBlocks === sizes.jointBlocks &&
      singleBlocks === sizes.singleBlocks &&
      width === sizes.width &&
      textWidth === sizes.textWidth &&
      (nameSays === undefined || nameSays.test(fileName)),
  );
}

/** The sizes that a transformer's tensors show; 0 for what they do not. */
export function measureTransformer({ tensors }: ComponentWeights): Sizes {
  const names = [...tensors.keys()];
  const count = (pattern: RegExp): number =>
    Math.max(-1, ...names.map((name) => Number(pattern.exec(name)?.[1] ?? -1))) + 1;
  return {
    jointBlocks: count(/^transformer_blocks\.(\d+)\./),
    singleBlocks: count(/^single_transformer_blocks\.(\d+)\./),
    width: tensors.get("x_embedder.weight")?.shape[0] ?? 0,
    textWidth: tensors.get("context_embedder.weight")?.shape[1] ?? 0,
  };
}
