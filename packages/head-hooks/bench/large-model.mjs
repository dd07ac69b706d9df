// What hooking a file of 1.9 GB with its weights inside costs beside reading and writing it: time, and memory at its peak.
import { create, toBinary } from "@bufbuild/protobuf";
import { hookModelFile } from "@measure-plantain/head-hooks/node";
import { ModelProtoSchema } from "onnx-buf";
import { execFileSync } from "node:child_process";
import { mkdtempSync, openSync, closeSync, rmSync, statSync, writeSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const CHANNELS = 4096;
const LAYERS = 28;

const [task, path, out] = process.argv.slice(2);
if (task === undefined) compare();
else if (task === "write") writeModel(path);
else await measure(task, path, out);

/** Runs each task in a process of its own, so that the memory at its peak is the task's. */
function compare() {
  const folder = mkdtempSync(join(tmpdir(), "large-model-"));
  try {
    const model = join(folder, "model.onnx");
    run("write", model);
    const bytes = statSync(model).size;
    const tasks = ["copy", "hook", "copy", "hook", "copy", "hook"].map((name) => ({
      name,
      ...JSON.parse(run(name, model, join(folder, "out.onnx"))),
    }));
    const median = (name) =>
      tasks
        .filter((task) => task.name === name)
        .map(({ seconds }) => seconds)
        .sort((a, b) => a - b)[1];
    const memory = Math.max(...tasks.filter(({ name }) => name === "hook").map(({ peak }) => peak)) / bytes;
    const [copy, hook] = [median("copy"), median("hook")];
    console.log(`a model of ${(bytes / 1e9).toFixed(2)} GB, median of three`);
    console.log(
      `read and write: ${copy.toFixed(1)} s; hook: ${hook.toFixed(1)} s, ${(hook / copy).toFixed(2)} times that`,
    );
    console.log(`memory at the peak: ${memory.toFixed(2)} of the file`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a task; a process begins with the memory of the one that starts it, so that one must stay small. */
function run(...args) {
  return execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { encoding: "utf8" });
}

async function measure(name, from, to) {
  const start = performance.now();
  if (name === "hook") await hookModelFile(from, to, { taps: [{ at: "layer.*" }], groupSize: 64 });
  else {
    const bytes = await readFile(from);
    const file = await open(to, "w");
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS * 1024 }));
}

/** A chain of products, written piece by piece: a message of a repeated field is its parts one behind the other. */
function writeModel(file) {
  const type = {
    value: {
      case: "tensorType",
      value: {
        elemType: 1,
        shape: { dim: [1n, 8n, BigInt(CHANNELS)].map((value) => ({ value: { case: "dimValue", value } })) },
      },
    },
  };
  const layers = [...Array(LAYERS).keys()];
  const nodes = layers.map((layer) => ({
    name: `layer.${layer}`,
    opType: "MatMul",
    input: [layer === 0 ? "x" : `hidden.${layer - 1}`, `weight.${layer}`],
    output: [`hidden.${layer}`],
  }));
  const rawData = new Uint8Array(CHANNELS * CHANNELS * 4).fill(60);
  const initializer = layers.map((layer) => ({
    name: `weight.${layer}`,
    dataType: 1,
    dims: [BigInt(CHANNELS), BigInt(CHANNELS)],
    rawData,
  }));
  const graph = {
    name: "bench",
    node: nodes,
    input: [{ name: "x", type }],
    output: [{ name: `hidden.${LAYERS - 1}`, type }],
    initializer,
  };
  const handle = openSync(file, "w");
  const bytes = toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport: [{ domain: "", version: 21n }], graph }),
  );
  writeSync(handle, bytes);
  closeSync(handle);
}
