import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, sep } from "node:path";

/** A request that the hub got. */
export interface HubRequest {
  /** Where it went: the hub itself, or the storage that it redirects large files to. */
  readonly server: "hub" | "storage";
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** A hub on loopback that serves one repository by the protocol of the real one, and counts what it is asked. */
export interface TestHub {
  readonly endpoint: string;
  readonly commit: string;
  /** Every request so far, oldest first. */
  readonly requests: HubRequest[];
  /** Does something else instead; true where it has taken over the request. */
  interfere: (request: HubRequest, response: ServerResponse) => boolean;
  /** What the hub lists and serves, by path. */
  readonly files: Map<string, ListedFile>;
  close(): Promise<void>;
}

export interface ListedFile {
  readonly content: Buffer;
  /** SHA-256 of a large file, git's SHA-1 of a small one. */
  readonly checksum: string;
  readonly size: number;
}

/** The environment in which a program finds this hub and no other cache than in a folder. */
export function hubEnvironment({ endpoint }: TestHub, folder: string): Record<string, string> {
  return {
    HF_ENDPOINT: endpoint,
    HF_HUB_CACHE: join(folder, "hub"),
    HF_HUB_OFFLINE: "0",
    HF_TOKEN: "",
    MEASURE_PLANTAIN_CACHE: join(folder, "own"),
  };
}

export const repositoryName = "owner/klein-tiny";
const pageLength = 6; // files a page of the listing, so that there are several

/** A content as a hub lists it. */
export function listedFile(path: string, content: Buffer): ListedFile {
  const checksum = path.endsWith(".safetensors")
    ? createHash("sha256").update(content).digest("hex")
    : createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  return { content, checksum, size: content.length };
}

/** Starts a hub that serves a folder's files as `owner/klein-tiny`, under the revisions main, v1 and its commit. */
export async function startHub(folder: string): Promise<TestHub> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    );
  const files = new Map(
    paths.map((path) => [path, listedFile(path, readFileSync(join(folder, path)))] as const),
  );
  const commit = createHash("sha1").update(repositoryName).digest("hex");
  const requests: HubRequest[] = [];
  const servers: Server[] = [];
  const hub: TestHub = {
    endpoint: "",
    commit,
    requests,
    files,
    interfere: () => false,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  const listen = async (
    name: HubRequest["server"],
    answer: (path: string, response: ServerResponse, request: IncomingMessage) => void,
  ): Promise<string> => {
    const server = createServer((request, response) => {
      const { range, authorization } = request.headers;
      const path = decodeURIComponent(request.url ?? "");
      const received = { server: name, path, range, authorization };
      requests.push(received);
      response.on("error", () => undefined);
      if (!hub.interfere(received, response)) answer(path, response, request);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
  };

  const storage = await listen("storage", (path, response, request) => {
    const file = [...files.values()].find(({ checksum }) => path === `/${checksum}`);
    if (file === undefined) refuse(response, 404, "EntryNotFound");
    else sendContent(response, file.content, request.headers.range);
  });
  const endpoint = await listen("hub", (path, response, request) => {
    const [, api, rest = ""] = /^(\/api\/models)?\/owner\/klein-tiny\/(.*)$/.exec(path) ?? [];
    const [, verb, revision = "", name = ""] =
      /^(revision|tree|resolve)\/([^/?]+)\/?([^?]*)/.exec(rest) ?? [];
    if (verb === undefined) {
      refuse(response, 404, "RepoNotFound");
      return;
    }
    if (!["main", "v1", commit].includes(revision)) {
      refuse(response, 404, "RevisionNotFound");
      return;
    }
    if (api !== undefined && verb === "revision") {
      sendJson(response, { _id: "1", id: repositoryName, sha: commit });
      return;
    }
    if (api !== undefined) {
      const first = Number(new URL(path, endpoint).searchParams.get("cursor") ?? 0);
      const isLast = first + pageLength >= files.size;
      const next = `<${endpoint}/api/models/${repositoryName}/tree/${revision}?recursive=true&cursor=${first + pageLength}>; rel="next"`;
      const page = [...files].slice(first, first + pageLength).map(([listed, file]) => listing(listed, file));
      sendJson(response, page, isLast ? {} : { Link: next });
      return;
    }
    const file = files.get(name);
    if (file === undefined) {
      refuse(response, 404, "EntryNotFound");
      return;
    }
    response.setHeader("X-Repo-Commit", commit);
    if (!name.endsWith(".safetensors")) {
      response.setHeader("ETag", `"${file.checksum}"`);
      sendContent(response, file.content, request.headers.range);
      return;
    }
    const linked = { "X-Linked-Etag": `"${file.checksum}"`, "X-Linked-Size": file.size };
    response.writeHead(302, { ...linked, Location: `${storage}/${file.checksum}` }).end();
  });
  return Object.assign(hub, { endpoint });
}

function listing(path: string, { checksum, size }: ListedFile): unknown {
  const isLarge = checksum.length === 64;
  const pointer = { oid: checksum, size, pointerSize: 134 };
  const oid = createHash("sha1").update(checksum).digest("hex"); // of the pointer, where the file is large
  return { type: "file", path, size, oid: isLarge ? oid : checksum, ...(isLarge && { lfs: pointer }) };
}

/** Sends a content, or the rest of it from where a range begins. */
export function sendContent(response: ServerResponse, content: Buffer, range: string | undefined): void {
  const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const part = content.subarray(start);
  if (range === undefined) response.writeHead(200, { "Content-Length": part.length });
  else {
    const place = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { "Content-Length": part.length, "Content-Range": place });
  }
  response.end(part);
}

/** Announces a content whole, sends its beginning, and breaks the connection off. */
export function sendBrokenOff(
  response: ServerResponse,
  content: Buffer,
  { range, bytes }: { range: string | undefined; bytes: number },
): void {
  const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  const place = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(range === undefined ? 200 : 206, {
    "Content-Length": content.length - start,
    ...(range !== undefined && { "Content-Range": place }),
  });
  // Later, since a client may lose what is on its way when the connection breaks off.
  response.write(content.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 50));
}

export function refuse(
  response: ServerResponse,
  status: number,
  code?: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...headers, ...(code !== undefined && { "X-Error-Code": code }) });
  response.end("refused");
}

function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
}
