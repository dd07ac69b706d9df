// A thread of the sign-flip null. It holds the kernel on the shared memory, runs it with the arguments that each message
// brings, and answers when the results lie in that memory. Plain JavaScript, so that Node runs it from here and from dist.
import { parentPort, workerData } from "node:worker_threads";

const { module, memory } = workerData;
const { scoreTiles } = new globalThis.WebAssembly.Instance(module, { env: { memory } }).exports;

parentPort.on("message", (addressesAndCounts) => {
  scoreTiles(...addressesAndCounts);
  parentPort.postMessage("done");
});
