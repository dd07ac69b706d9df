/**
 * The program of a thread of the sign-flip null. It holds the kernel on the shared memory, runs it with the arguments that each
 * message brings, and answers when the results lie in that memory.
 *
 * It is a text, and not a file next to this one, so that a bundle has it. It runs as a script and as a module alike.
 */
export const FLIP_WORKER: string = `
const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
const { module, memory } = workerData;
const { scoreTiles } = new WebAssembly.Instance(module, { env: { memory } }).exports;
parentPort.on("message", (addressesAndCounts) => {
  scoreTiles(...addressesAndCounts);
  parentPort.postMessage("done");
});
`;
