/** Where a model computes. */
export type Device = "cpu" | "cuda" | "webgpu";
