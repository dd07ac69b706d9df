// Run a model once and print by how many bytes the process grew at its peak: node measure-memory.mjs MODEL S WIDTH [K]
import * as ort from "onnxruntime-node";

const [path = "", tokens = 0, width = 0, segments = 0] = process.argv
  .slice(2)
  .map((text, i) => (i ? Number(text) : text));
const session = await ort.InferenceSession.create(path, {
  enableCpuMemArena: false,
  enableMemPattern: false,
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
});
const feeds = {
  x: new ort.Tensor("float32", new Float32Array(tokens * width).fill(0.5), [1, tokens, width]),
};
if (segments > 0) feeds.segments = new ort.Tensor("int64", BigInt64Array.of(0n, BigInt(tokens)), [1, 2]);
const before = process.memoryUsage.rss();
await session.run(feeds);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(peak - before);
