import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType,
} from "onnx-buf";

/** Layers, heads, channels of a head. */
const [LAYERS, HEADS, HEAD_SIZE] = [2, 4, 8];
const WIDTH = HEADS * HEAD_SIZE;
const { FLOAT, INT64 } = TensorProto_DataType;

/**
 * Writes a folder as BERT's exporters do, with random weights and the words of some sentences as its vocabulary. It knows
 * nothing; it is there to test that such a folder is read and measured.
 */
export async function writeRandomEncoder(folder: string, sentences: readonly string[]): Promise<void> {
  const words = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    ...new Set(
      sentences
        .join(" ")
        .toLowerCase()
        .match(/\w+|[^\w\s]/g),
    ),
  ];
  const special = (content: string, id: number): object => ({
    id,
    content,
    special: true,
    normalized: false,
  });
  const tokenizer = {
    version: "1.0",
    added_tokens: [special("[UNK]", 0), special("[CLS]", 1), special("[SEP]", 2)],
    normalizer: { type: "BertNormalizer", lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", cls: ["[CLS]", 1], sep: ["[SEP]", 2] },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
  await mkdir(join(folder, "onnx"), { recursive: true });
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  await writeFile(
    join(folder, "tokenizer_config.json"),
    JSON.stringify({ tokenizer_class: "BertTokenizer" }),
  );
  await writeFile(join(folder, "onnx", "model.onnx"), encoderModel(words.length));
}

type Node = MessageInitShape<typeof NodeProtoSchema>;

function encoderModel(vocabulary: number): Uint8Array {
  const layers = Array.from({ length: LAYERS }, (_, layer) => layerNodes(layer));
  const weights = Array.from({ length: LAYERS }, (_, layer) =>
    ["query", "key", "value", "output"].map((name) => matrix(weightName(layer, name), WIDTH, WIDTH)),
  );
  const heads = BigInt64Array.of(0n, 0n, BigInt(HEADS), BigInt(HEAD_SIZE));
  const graph = {
    name: "encoder",
    node: [node("Gather", ["embeddings", "input_ids"], "hidden.0"), ...layers.flat()],
    initializer: [
      matrix("embeddings", vocabulary, WIDTH),
      ...weights.flat(),
      { name: "heads", dims: [4n], dataType: INT64, rawData: new Uint8Array(heads.buffer) },
      {
        name: "merged",
        dims: [3n],
        dataType: INT64,
        rawData: new Uint8Array(BigInt64Array.of(0n, 0n, -1n).buffer),
      },
    ],
    input: ["input_ids", "attention_mask"].map((name) => ({
      name,
      type: {
        value: { case: "tensorType" as const, value: { elemType: INT64, shape: axes("batch", "sequence") } },
      },
    })),
    output: [
      {
        name: `hidden.${LAYERS}`,
        type: { value: { case: "tensorType" as const, value: { elemType: FLOAT } } },
      },
    ],
  };
  const model = { irVersion: 10n, opsetImport: [{ domain: "", version: 21n }], graph };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
}

/** Self-attention and the residual around it. */
function layerNodes(layer: number): Node[] {
  const at = (name: string): string => `${layer}.${name}`;
  const input = `hidden.${layer}`;
  const written = `encoder.layer.${layer}.attention.output`;
  return [
    ...["query", "key", "value"].flatMap((name) => [
      node("MatMul", [input, weightName(layer, name)], at(`${name}.all`)),
      node("Reshape", [at(`${name}.all`), "heads"], at(`${name}.heads`)),
      node(
        "Transpose",
        [at(`${name}.heads`)],
        at(`${name}.turned`),
        name === "key" ? [0, 2, 3, 1] : [0, 2, 1, 3],
      ),
    ]),
    node("MatMul", [at("query.turned"), at("key.turned")], at("scores")),
    node("Softmax", [at("scores")], at("probabilities")),
    node("MatMul", [at("probabilities"), at("value.turned")], at("context.heads")),
    node("Transpose", [at("context.heads")], at("context.turned"), [0, 2, 1, 3]),
    node("Reshape", [at("context.turned"), "merged"], at("context")),
    node("MatMul", [at("context"), weightName(layer, "output")], written),
    node("Add", [input, written], `hidden.${layer + 1}`),
  ];
}

/** The name that transformers gives the weight. */
function weightName(layer: number, name: string): string {
  return `encoder.layer.${layer}.attention.${name}.weight`;
}

function node(opType: string, input: string[], output: string, perm: number[] = []): Node {
  const attribute = { name: "perm", type: AttributeProto_AttributeType.INTS, ints: perm.map(BigInt) };
  return { opType, input, output: [output], name: output, attribute: perm.length > 0 ? [attribute] : [] };
}

/** Repeatable values between -1 and 1, different for each name. */
function matrix(name: string, rows: number, columns: number) {
  const seed = [...name].reduce((sum, letter) => sum * 31 + (letter.codePointAt(0) ?? 0), 7) % 10_007;
  const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin((i + 1) * (seed + 1)));
  const rawData = new Uint8Array(values.buffer);
  return { name, dims: [BigInt(rows), BigInt(columns)], dataType: FLOAT, rawData };
}

function axes(...names: string[]) {
  return { dim: names.map((value) => ({ value: { case: "dimParam" as const, value } })) };
}
