import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";

/** How this machine talks to the hub: what the environment says, in the variables that Python's huggingface_hub reads. */
export interface HubEnvironment {
  /** The hub's address, without a slash at its end. */
  readonly endpoint: string;
  readonly cacheFolder: string;
  /** Sent to the endpoint, never to the servers that it redirects to. */
  readonly token: string | undefined;
  /** Use the cache alone. */
  readonly offline: boolean;
}

/**
 * Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN (else the token that a login stored) and HF_HUB_OFFLINE.
 *
 * @throws {FluxRuntimeError} `invalid-argument` if HF_ENDPOINT is not an address.
 */
export async function readHubEnvironment({
  offline = false,
}: { readonly offline?: boolean } = {}): Promise<HubEnvironment> {
  const { getHFHubCachePath, HUB_URL } = await import("@huggingface/hub"); // loaded by who needs the hub alone
  const { HF_ENDPOINT, HF_HUB_OFFLINE } = process.env;
  const endpoint = (HF_ENDPOINT || HUB_URL).replace(/\/+$/, "");
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `HF_ENDPOINT is ${endpoint}, but must be the http(s) address of a hub. Correct or unset it.`,
      { variable: "HF_ENDPOINT", received: endpoint },
    );
  }
  return {
    endpoint,
    cacheFolder: resolve(getHFHubCachePath()),
    token: process.env["HF_TOKEN"]?.trim() || (await storedToken()),
    offline: offline || /^(1|on|yes|true)$/i.test(HF_HUB_OFFLINE ?? ""),
  };
}

async function storedToken(): Promise<string | undefined> {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
  const text = await readFile(HF_TOKEN_PATH || join(home, "token"), "utf8").catch(() => "");
  return text.trim() || undefined;
}
