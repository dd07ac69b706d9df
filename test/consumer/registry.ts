import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Server } from "node:http";
import { join } from "node:path";
import { runServer } from "verdaccio";

/** A registry on loopback, in this process: it cannot outlive the tests. */
export interface Registry {
  readonly url: string;
  /** The npm option by which a client counts as logged in; the registry asks for no more. */
  readonly tokenOption: string;
  close(): Promise<void>;
}

/** The packages that are served from what was published here, and from nowhere else. */
const OWN_PACKAGES = ["measure-plantain", "@measure-plantain/*"];

/**
 * Starts a registry on a free port. Own packages come from `storage` alone; all others are passed through from `uplink`,
 * and not kept.
 */
export async function startRegistry(storage: string, uplink: string): Promise<Registry> {
  const everybody = { access: "$all", publish: "$all" };
  const config = {
    storage,
    web: { enable: false },
    auth: { htpasswd: { file: join(storage, "htpasswd"), max_users: -1 } },
    uplinks: { upstream: { url: uplink, cache: false, timeout: "60s", max_fails: 5 } },
    packages: {
      ...Object.fromEntries(OWN_PACKAGES.map((name) => [name, everybody])),
      "**": { access: "$all", proxy: "upstream" },
    },
    max_body_size: "100mb",
    log: { type: "stdout", format: "pretty", level: "error" },
  };
  const configFile = join(storage, "config.yaml");
  await writeFile(configFile, JSON.stringify(config)); // JSON is YAML
  const server: unknown = await runServer(configFile);
  if (!(server instanceof Server))
    throw new TypeError("verdaccio: expected runServer to give an HTTP server");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("verdaccio listens on no port");
  const host = `127.0.0.1:${address.port}`;
  return {
    url: `http://${host}/`,
    tokenOption: `--//${host}/:_authToken=anybody`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
