import { type Browser, findBrowser, launchBrowser, type Page } from "@measure-plantain/browser-test";
import { build } from "esbuild";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hookModel } from "../src/hook/hook-model.ts";
import { readCapture } from "../src/units/read-capture.ts";
import { buildForm, C, FLOAT_FORMS } from "./attention-forms.ts";
import { randomValues } from "./build-model.ts";
import { relativeError, runModel } from "./run-model.ts";

/** What the page below returns for a model. */
interface Answer {
  readonly captured: number[];
  readonly outputs: number[];
  readonly outputsUnhooked: number[];
}

/** Hooks a model and runs it, hooked and not, as a page would that uses this package with onnxruntime-web. */
const SCRIPT = `
  import { hookModel, readCapture } from "@measure-plantain/head-hooks";
  import * as ort from "onnxruntime-web/wasm";
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: "/runtime.wasm" };
  globalThis.probe = async (model, values, shape) => {
    const run = async (bytes) => {
      const session = await ort.InferenceSession.create(bytes);
      return session.run({ x: new ort.Tensor("float32", Float32Array.from(values), shape) });
    };
    const original = Uint8Array.from(model);
    const { model: hooked, layout } = hookModel(original);
    const outputs = await run(hooked);
    return {
      captured: [...readCapture(outputs, layout).data],
      outputs: [...outputs.y.data],
      outputsUnhooked: [...(await run(original)).y.data],
    };
  };
`;

const SHAPE = [2, 5, C];

describe.skipIf((await findBrowser()) === undefined)("in a browser, bundled by esbuild", () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: SCRIPT, resolveDir: import.meta.dirname },
      alias: { "@measure-plantain/head-hooks": join(import.meta.dirname, "../src/index.ts") },
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    const runtime = fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
    const files: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
      "/": ["text/html", '<script type="module" src="/script.js"></script>'],
      "/script.js": ["text/javascript", outputFiles[0]?.text ?? ""],
      "/runtime.wasm": ["application/wasm", await readFile(runtime)],
    };
    server = createServer(({ url }, response) => {
      const [type, content] = files[url ?? ""] ?? ["text/plain", ""];
      response.writeHead(200, { "content-type": type }).end(content);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // of a server on a port
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction("globalThis.probe !== undefined");
  });

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  it.each(FLOAT_FORMS.slice(0, 4))(
    "captures what Node does, and leaves the outputs as they are: $title",
    async (form) => {
      const model = buildForm(form);
      const data = randomValues(
        SHAPE.reduce((count, length) => count * length, 1),
        3,
      );
      const call = `probe(${JSON.stringify([...model])}, ${JSON.stringify([...data])}, ${JSON.stringify(SHAPE)})`;
      const answer: Answer = await page.evaluate(call);
      expect(complaints).toEqual([]);
      expect(answer.outputs).toEqual(answer.outputsUnhooked);
      const { model: hooked, layout } = hookModel(model);
      const outputs = await runModel(hooked, { x: { data, shape: SHAPE } });
      const { data: expected } = readCapture(outputs, layout);
      expect(answer.captured).toHaveLength(expected.length);
      expect(relativeError(Float32Array.from(answer.captured), expected)).toBeLessThan(1e-5);
    },
  );
});
