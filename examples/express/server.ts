import {
  decodeToImage,
  encodePng,
  generate,
  type Checkpoint,
  type TextEncoderOptions,
} from "@measure-plantain/flux-runtime";
import express, { type ErrorRequestHandler, type Express, type Response } from "express";
import { readImageRequest, type ImageRequest } from "./image-request.js";
import { Queue } from "./queue.js";

/** Proxies close a connection on which nothing comes for a minute; a step can take longer. */
const HEARTBEAT_MILLISECONDS = 15_000;

/**
 * A server of images. `POST /images` answers with events: `step` after each denoising step, then `image`, or `error`. A client that
 * closes the connection ends the work on its image. `GET /queue` says how many images wait, run, are done, failed, or were left.
 */
export function createServer(checkpoint: Checkpoint, runtime: TextEncoderOptions = {}): Express {
  const queue = new Queue();
  const app = express();
  app.use(express.json({ limit: "100kb" }));

  app.post("/images", async (request, response) => {
    const wanted = readImageRequest(checkpoint, request.body);
    const { signal, send, end } = openEvents(response);
    try {
      const png = await queue.run(() => makePng(checkpoint, wanted, { ...runtime, signal }, send), signal);
      send("image", { type: "image/png", base64: Buffer.from(png).toString("base64") });
    } catch (error) {
      send("error", { message: error instanceof Error ? error.message : String(error) });
    } finally {
      end();
    }
  });

  app.get("/queue", (_, response) => {
    const { waiting, running, done, failed, left } = queue;
    response.json({ waiting, running, done, failed, left });
  });

  app.use(refuse);
  return app;
}

type Send = (event: string, data: unknown) => void;

async function makePng(
  checkpoint: Checkpoint,
  wanted: ImageRequest,
  runtime: TextEncoderOptions,
  send: Send,
): Promise<Uint8Array> {
  const { image } = await generate(checkpoint, {
    ...runtime,
    ...wanted,
    onProgress: (progress) => {
      if (progress.stage === "denoise") send("step", { step: progress.step, steps: progress.steps });
    },
  });
  return encodePng(await decodeToImage(image));
}

/** Turns an answer into a stream of server-sent events; the signal says that the client left. */
function openEvents(response: Response): { signal: AbortSignal; send: Send; end: () => void } {
  const leaving = new AbortController();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(": at work\n\n"), HEARTBEAT_MILLISECONDS);
  response.on("close", () => {
    clearInterval(heartbeat);
    if (!response.writableEnded) leaving.abort(new Error("The client left."));
  });
  return {
    signal: leaving.signal,
    send: (event, data) => void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => void response.end(),
  };
}

/** What a client asked for wrongly is answered with 400 and the reason. */
const refuse: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  response.status(400).json({ error: error instanceof Error ? error.message : String(error) });
};
