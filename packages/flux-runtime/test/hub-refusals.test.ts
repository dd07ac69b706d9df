import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { FluxRuntimeErrorCode } from "../src/errors.ts";
import { resolveCheckpoint } from "../src/hub/resolve-checkpoint.ts";
import { hubEnvironment, listedFile, refuse, repositoryName, startHub, type TestHub } from "./hub-server.ts";
import { kleinTiny } from "./klein-tiny.ts";

const transformer = "transformer/diffusion_pytorch_model.safetensors";
let folder: string;
let hub: TestHub;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "refusals-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  hub = await startHub(join(kleinTiny, "checkpoint"));
  for (const [name, value] of Object.entries(hubEnvironment(hub, folder))) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(join(folder, "hub"), { recursive: true, force: true });
});

async function refused(name: string, code: FluxRuntimeErrorCode, message: RegExp): Promise<void> {
  await expect(resolveCheckpoint(name)).rejects.toMatchObject({
    name: "FluxRuntimeError",
    code,
    message: expect.stringMatching(message) as string,
  });
}

describe("resolveCheckpoint gives one clear error for", () => {
  it.each([
    [
      "a gated model (401)",
      401,
      "GatedRepo",
      /is gated: accept its licence at .*owner\/klein-tiny, set HF_TOKEN/,
    ],
    ["a gated model (403)", 403, "GatedRepo", /is gated: accept its licence/],
    ["a token that is not valid", 401, undefined, /refuses access to owner\/klein-tiny \(401\)/],
  ])("%s", async (_, status, code, message) => {
    hub.interfere = (_request, response) => {
      refuse(response, status, code);
      return true;
    };
    await refused(repositoryName, "hub-access-denied", message);
    expect(hub.requests).toHaveLength(1);
  });

  it("no such repository (401)", async () => {
    hub.interfere = (_request, response) => {
      refuse(response, 401, "RepoNotFound");
      return true;
    };
    await refused(repositoryName, "checkpoint-not-found", /no model owner\/klein-tiny at .*or it is private/);
    expect(hub.requests).toHaveLength(1);
  });

  it("another repository (404)", () =>
    refused("owner/other", "checkpoint-not-found", /no model owner\/other at/));

  it("another revision (404)", () =>
    refused(
      `${repositoryName}@v2`,
      "checkpoint-not-found",
      /owner\/klein-tiny has no revision v2\. Give a branch, a tag or a full commit/,
    ));

  it("a repository that is not such a checkpoint", async () => {
    hub.files.delete("vae/config.json");
    await refused(
      repositoryName,
      "checkpoint-not-found",
      /is not a checkpoint of FLUX\.2 Klein in the Diffusers layout: it has no vae\/config\.json/,
    );
  });

  it("too many requests (429), after a wait and bounded repetitions", async () => {
    hub.interfere = (_, response) => {
      if (hub.requests.length === 1) refuse(response, 429, undefined, { "Retry-After": "1" });
      return hub.requests.length === 1;
    };
    await resolveCheckpoint(repositoryName);

    rmSync(join(folder, "hub"), { recursive: true });
    hub.requests.length = 0;
    hub.interfere = (_, response) => {
      refuse(response, 429, undefined, { RateLimit: '"api";r=0;t=0' });
      return true;
    };
    await refused(repositoryName, "hub-rate-limited", /takes no more requests for now \(429\)/);
    expect(hub.requests).toHaveLength(5);
  });

  it("a wait of an hour, which it leaves to the user", async () => {
    hub.interfere = (_, response) => {
      refuse(response, 429, undefined, { "Retry-After": "3600" });
      return true;
    };
    await refused(repositoryName, "hub-rate-limited", /429.*in 3600 s/);
    expect(hub.requests).toHaveLength(1);
  });

  it("a disk with too little room, before anything is fetched", async () => {
    hub.files.set(transformer, { ...listedFile(transformer, Buffer.alloc(0)), size: 1e15 });
    await refused(
      repositoryName,
      "disk-full",
      /disk has too little room: 100000\d\.\d GB are still to be downloaded/,
    );
    expect(hub.requests.filter(({ path }) => path.includes("resolve"))).toEqual([]);
  });

  it.each([-1, 0.5])("a file of %d bytes, before anything is fetched", async (size) => {
    const config = "transformer/config.json";
    hub.files.set(config, { ...listedFile(config, Buffer.alloc(0)), size });
    await refused(repositoryName, "hub-invalid-answer", /transformer\/config\.json/);
    expect(hub.requests.filter(({ path }) => path.includes("resolve"))).toEqual([]);
  });

  it("a hub that is not one", async () => {
    hub.interfere = (_, response) => {
      response.writeHead(200).end("<html>Please log in</html>");
      return true;
    };
    await refused(repositoryName, "hub-invalid-answer", /does not answer as a Hugging Face hub does/);
  });

  it("an endpoint that is not an address", async () => {
    vi.stubEnv("HF_ENDPOINT", "hub.local");
    await refused(repositoryName, "invalid-argument", /HF_ENDPOINT is hub\.local/);
  });

  it("a snapshot that lacks files, offline", async () => {
    await resolveCheckpoint(repositoryName);
    const checksum = hub.files.get(transformer)?.checksum ?? "";
    rmSync(join(folder, "hub", "models--owner--klein-tiny", "blobs", checksum));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    await refused(
      repositoryName,
      "checkpoint-not-cached",
      /owner\/klein-tiny lacks transformer\/\*\.safetensors in the Hugging Face cache/,
    );
  });
});

it("resolveCheckpoint sends the token to the hub, and not to the storage that it redirects to", async () => {
  vi.stubEnv("HF_TOKEN", "hf_secret");
  await resolveCheckpoint(repositoryName);
  for (const { server, authorization } of hub.requests) {
    expect(authorization).toBe(server === "hub" ? "Bearer hf_secret" : undefined);
  }
  expect(hub.requests.some(({ server }) => server === "storage")).toBe(true);
});
