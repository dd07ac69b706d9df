// Holds an open text encoder, for tests of what becomes of its process: hold-session.mjs CHECKPOINT busy|idle
import * as flux from "../dist/index.js";

const [, , folder, activity] = process.argv;
const checkpoint = await flux.openCheckpoint(folder);
const encoder = await flux.openTextEncoder(checkpoint, { maxSequenceLength: 6_000, threads: 1 });
process.on("message", () => process.exit());
process.send("opened");
if (activity === "busy") await encoder.encode("a prompt whose 6,000 tokens take many seconds");
