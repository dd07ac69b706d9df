import type { Tensor } from "onnxruntime-node";

/** An ONNX model that takes a sentence in, in whatever form. */
export interface TextModel {
  readonly title: string;
  /** The ONNX file's bytes. */
  readonly bytes: Uint8Array;
  /** The model's inputs for a sentence, batch 1. */
  feeds(sentence: string): Promise<Record<string, Tensor>>;
}
