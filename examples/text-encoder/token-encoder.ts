import { Tokenizer } from "@huggingface/tokenizers";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { TextModel } from "./text-model.js";

/**
 * A text encoder as it lies in a folder of the Hugging Face Hub: `tokenizer.json`, `tokenizer_config.json`, and
 * `model.onnx` or `onnx/model.onnx` with the inputs of BERT and its kin.
 */
export async function openTokenEncoder(folder: string): Promise<TextModel> {
  const readJson = async (name: string): Promise<object> =>
    JSON.parse(await readFile(join(folder, name), "utf8")) as object; // the tokenizer checks it
  const tokenizer = new Tokenizer(await readJson("tokenizer.json"), await readJson("tokenizer_config.json"));
  const path = [join(folder, "model.onnx"), join(folder, "onnx", "model.onnx")].find((file) =>
    existsSync(file),
  );
  if (path === undefined) throw new Error(`${folder} has neither model.onnx nor onnx/model.onnx`);
  const bytes = await readFile(path);
  const { inputNames } = await ort.InferenceSession.create(bytes);
  return {
    title: `${folder}, which reads tokens`,
    bytes,
    async feeds(sentence) {
      const ids = BigInt64Array.from(tokenizer.encode(sentence).ids, BigInt);
      const values = new Map([
        ["input_ids", ids],
        ["attention_mask", ids.map(() => 1n)],
        ["token_type_ids", ids.map(() => 0n)],
      ]);
      const feed = (name: string): [string, ort.Tensor] => {
        const data = values.get(name);
        if (data === undefined) throw new Error(`${path} takes ${name}, which this example does not know`);
        return [name, new ort.Tensor("int64", data, [1, ids.length])];
      };
      return Object.fromEntries(inputNames.map(feed));
    },
  };
}
