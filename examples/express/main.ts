import { resolveCheckpoint } from "@measure-plantain/flux-runtime";
import { createServer } from "./server.js";

const [, , name = "random:tiny", port = "3000"] = process.argv;
const { checkpoint } = await resolveCheckpoint(name);
const server = createServer(checkpoint).listen(Number(port), "127.0.0.1", () => {
  console.log(`${name} at http://127.0.0.1:${port}/images`);
});
process.once("SIGTERM", () => server.close());
