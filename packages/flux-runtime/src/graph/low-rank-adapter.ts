/** What an adapter adds to one linear layer: factor · (x · downᵀ) · upᵀ. */
export interface LowRankLayer {
  /** Rows of the one matrix, columns of the other. */
  readonly rank: number;
  /** With which the product is multiplied; at 0 nothing is added. */
  readonly factor: number;
  /** The path of the matrix [rank, in]; its tensor's name has `.weight` behind. */
  readonly down: string;
  /** The path of the matrix [out, rank]; its tensor's name has `.weight` behind. */
  readonly up: string;
}

/** What is added to the linear layers of a model, by the path of the layer. */
export interface LowRankAdapter {
  /** Each adapted layer by its path, as `proj_out`. */
  readonly layers: ReadonlyMap<string, LowRankLayer>;
}
