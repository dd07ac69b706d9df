import {
  decodeToImage,
  encodePng,
  generate,
  getCheckpointSpec,
  openCheckpoint,
  synthesizeCheckpoint,
} from "@measure-plantain/flux-runtime";
import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readEvents, type ServerEvent } from "./read-events.js";
import { createServer } from "./server.js";

// A model of random weights and few layers: what it draws is noise, and takes no time.
const tiny = getCheckpointSpec("tiny");
const few = {
  ...tiny,
  transformer: { ...tiny.transformer, jointBlocks: 1, singleBlocks: 1 },
  textEncoder: { ...tiny.textEncoder, layers: 4 },
};
const runtime = { textEncoderLayers: [1, 2, 3], maxSequenceLength: 32 };
const folder = join(tmpdir(), `image-server-${process.pid}`);
await synthesizeCheckpoint(folder, few);
const checkpoint = await openCheckpoint(folder);
const server = createServer(checkpoint, runtime).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo; // of a server on a port
const at = (path: string): string => `http://127.0.0.1:${port}${path}`;

const wanted = { prompt: "a grey object", seed: 7, steps: 3, guidance: 1, width: 32, height: 32 };
const ask = (body: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(at("/images"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
const queue = async (): Promise<Record<string, number>> =>
  (await (await fetch(at("/queue"))).json()) as Record<string, number>;
const until = async (isReached: (counts: Record<string, number>) => boolean): Promise<void> => {
  while (!isReached(await queue())) await sleep(5);
};

try {
  // An event for each step, and the image that the library makes, byte by byte.
  const events: ServerEvent[] = [];
  for await (const event of readEvents(await ask(wanted))) events.push(event);
  const { image } = await generate(checkpoint, { ...runtime, ...wanted });
  const base64 = Buffer.from(await encodePng(await decodeToImage(image))).toString("base64");
  deepEqual(events, [
    ...[1, 2, 3].map((step) => ({ event: "step", data: { step, steps: 3 } })),
    { event: "image", data: { type: "image/png", base64 } },
  ]);
  for (const { event, data } of events) console.log(event, event === "step" ? JSON.stringify(data) : "…");

  // One image at a time, in the order of the requests.
  const order: string[] = [];
  const follow = async (name: string, response: Response): Promise<void> => {
    for await (const { event } of readEvents(response)) order.push(`${name} ${event}`);
  };
  const first = await ask({ ...wanted, steps: 2 });
  const second = await ask({ ...wanted, steps: 1 });
  await Promise.all([follow("first", first), follow("second", second)]);
  deepEqual(order, ["first step", "first step", "first image", "second step", "second image"]);
  console.log("Two requests are served one after the other.");

  // Clients that leave: one whose image is being made, and one that waits behind it. Nothing more is done for either.
  const leaving = new AbortController();
  const [running, waiting] = [
    await ask({ ...wanted, steps: 50 }, leaving.signal),
    await ask(wanted, leaving.signal),
  ];
  for await (const { event } of readEvents(running)) {
    equal(event, "step");
    break;
  }
  equal((await queue())["waiting"], 1);
  leaving.abort();
  await waiting.body?.cancel().catch(() => undefined);
  await until(({ running, waiting }) => running === 0 && waiting === 0);
  deepEqual(await queue(), { waiting: 0, running: 0, done: 3, failed: 0, left: 2 });
  console.log("Clients that leave end the work for them.");

  // What cannot be made is refused before it is queued.
  const refused = async (body: unknown, reason: RegExp): Promise<void> => {
    const response = await ask(body);
    equal(response.status, 400);
    match(await response.text(), reason);
  };
  await refused({ ...wanted, width: 33 }, /width must be a positive multiple of 16/);
  await refused({ ...wanted, steps: 1_000 }, /steps has to be a number from 0 to 50/);
  await refused({ seed: 1 }, /prompt has to be a text/);
  await refused('{ "prompt": ', /JSON/);
  deepEqual(await queue(), { waiting: 0, running: 0, done: 3, failed: 0, left: 2 });
  console.log("Wrong requests are refused with the reason.");
} finally {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
}
