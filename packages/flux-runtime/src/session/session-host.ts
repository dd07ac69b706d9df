// The process that holds one ONNX Runtime session. `run` blocks the thread it is called on, and only the end of a process
// gives back all the memory that a session took: hence a process of its own for each model.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { END_WITH_PARENT } from "./end-with-parent.ts";
import { readNodePlacement, type NodePlacement } from "./node-placement.ts";
import type {
  NumberedReply,
  NumberedRequest,
  SessionReply,
  SessionRequest,
  SessionTensor,
  SessionTensors,
} from "./session-protocol.ts";

/**
 * Graph optimizers that weights which stay in their stored type go without. Folding constants would make resident float32
 * copies of the weights. With folding off, the optimizer of float16 initializers reads past the end of a node's inputs and ends the process, in 1.29.0
 * wherever a weight is float16. And the scale of a weight is multiplied with the weight, as the reference rounds it, not with the
 * product.
 */
const DISABLED_FOR_STORED_WEIGHTS = [
  "ConstantFolding",
  "FuseFp16InitializerToFp32NodeTransformer",
  "MatMulScaleFusion",
];

let session: InferenceSession | undefined;
/** Where ONNX Runtime writes its profile of the first run, until that has been read. */
let profileFolder: string | undefined;

async function open(request: Extract<SessionRequest, { kind: "open" }>): Promise<void> {
  profileFolder = request.profileFolder;
  const isMapped = request.weights === "mapped";
  const { provider } = request;
  session = await InferenceSession.create(request.model, {
    // By default convolutions would be turned to NHWC, by nodes of which one ends on the CPU.
    executionProviders: [provider === "webgpu" ? { name: "webgpu", preferredLayout: "NCHW" } : provider],
    graphOptimizationLevel: "all",
    // Without the arena and the pattern planner, memory goes back after each operator.
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(profileFolder !== undefined && {
      enableProfiling: true,
      profileFilePrefix: join(profileFolder, "profile"),
    }),
    ...(request.threads !== undefined && { intraOpNumThreads: request.threads }),
    extra: {
      session: {
        model_external_initializers_file_folder_path: request.externalDataFolder,
        // Threads that wait for the next operator would take a processor all the while, and win no time.
        intra_op: { allow_spinning: "0" },
        // Prepacked weights would be resident copies of a mapped file.
        ...(isMapped && { disable_prepacking: "1" }),
        ...(provider !== "cpu" && !request.allowCpuNodes && { disable_cpu_ep_fallback: "1" }),
        // The arena would round each weight up.
        ...(provider === "cuda" && { use_device_allocator_for_initializers: "1" }),
      },
      ...((isMapped || provider === "webgpu") && {
        optimization: { disable_specified_optimizers: DISABLED_FOR_STORED_WEIGHTS.join(";") },
      }),
    },
  });
}

async function run(feeds: SessionTensors): Promise<SessionTensors> {
  if (session === undefined) throw new Error("run was asked for before open");
  const inputs = Object.entries(feeds).map(([name, { type, data, shape }]) => [
    name,
    new Tensor(type, data, [...shape]),
  ]);
  const outputs = await session.run(Object.fromEntries(inputs) as InferenceSession.FeedsType); // entries in, record out
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, toSessionTensor(name, tensor)]),
  );
}

/** Ends the trace: where each node of the first run ran. */
async function endTrace(folder: string): Promise<readonly NodePlacement[]> {
  profileFolder = undefined;
  session?.endProfiling();
  return readNodePlacement(folder);
}

function toSessionTensor(name: string, { data, dims }: Tensor): SessionTensor {
  if (data instanceof Float32Array) return { type: "float32", data, shape: dims };
  if (data instanceof BigInt64Array) return { type: "int64", data, shape: dims };
  if (data instanceof Uint8Array) return { type: "bool", data, shape: dims };
  throw new TypeError(`output ${name} is neither float32, int64 nor bool`);
}

async function answer(request: SessionRequest): Promise<SessionReply> {
  try {
    if (request.kind === "run") {
      const outputs = await run(request.feeds);
      return {
        kind: "result",
        outputs,
        ...(profileFolder !== undefined && { placement: await endTrace(profileFolder) }),
      };
    }
    await open(request);
    return { kind: "opened" };
  } catch (error) {
    return { kind: "failure", message: error instanceof Error ? error.message : String(error) };
  }
}

// This thread may be inside a run when the parent dies; another one watches for that.
new Worker(END_WITH_PARENT, {
  eval: true,
  // It needs little, and what V8 reserves by default can be more than a limit on address space leaves.
  resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4, codeRangeSizeMb: 4 },
});

// One request at a time, in the order in which they came, whatever they wait for.
let lastAnswer = Promise.resolve();
process.on("message", ({ id, request }: NumberedRequest) => {
  lastAnswer = lastAnswer.then(async () => {
    const numbered: NumberedReply = { id, reply: await answer(request) };
    process.send?.(numbered);
  });
});
// Both reach the whole process group as a rule; the parent decides what they mean.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
