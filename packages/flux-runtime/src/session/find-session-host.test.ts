import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FluxRuntimeError } from "../errors.ts";
import { findSessionHost, SESSION_HOST_VARIABLE } from "./find-session-host.ts";

describe("findSessionHost({ sessionHost, environment, starts })", () => {
  let root: string;
  let given: string;
  let start: string;
  const environment = {};

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "session-host-")));
    given = join(root, "given host.mjs");
    start = join(root, "app", "main.cjs");
    writeFileSync(given, "");
  });
  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  it("is the package's own by default", () => {
    expect(findSessionHost({ environment })).toMatch(/flux-runtime.dist.session.session-host\.js$/);
  });

  it.each([
    ["a path", (path: string) => path],
    ["a URL", (path: string) => pathToFileURL(path)],
    ["a URL as text", (path: string) => pathToFileURL(path).href],
  ])("takes the option as %s", (_, write) => {
    expect(findSessionHost({ sessionHost: write(given), environment })).toBe(given);
  });

  it("takes the variable, the option before it, and an empty one for unset", () => {
    const named = { [SESSION_HOST_VARIABLE]: given };
    expect(findSessionHost({ environment: named })).toBe(given);
    expect(findSessionHost({ sessionHost: given, environment: { [SESSION_HOST_VARIABLE]: "x" } })).toBe(
      given,
    );
    expect(findSessionHost({ environment: { [SESSION_HOST_VARIABLE]: "" } })).toContain("session-host.js");
  });

  it("takes an installed package as seen from the program, and a neighbour of the program before it", () => {
    const scope = join(root, "node_modules/@measure-plantain/flux-runtime");
    mkdirSync(scope, { recursive: true });
    mkdirSync(join(root, "app"));
    writeFileSync(join(scope, "package.json"), '{ "exports": { "./session-host": "./host.js" } }');
    writeFileSync(join(scope, "host.js"), "");
    expect(findSessionHost({ environment, starts: [join(root, "gone/x.js"), start] })).toBe(
      join(scope, "host.js"),
    );
    const neighbour = join(root, "app", "session-host.cjs");
    writeFileSync(neighbour, "");
    expect(findSessionHost({ environment, starts: [start] })).toBe(neighbour);
  });

  it("is refused as an option that is of another protocol, or a file that is not there", () => {
    const refused = (sessionHost: string): unknown => {
      try {
        return findSessionHost({ sessionHost, environment });
      } catch (error) {
        return error;
      }
    };
    for (const wrong of [join(root, "nowhere.js"), "https://127.0.0.1/host.js"]) {
      const error = refused(wrong);
      expect(error).toBeInstanceOf(FluxRuntimeError);
      expect(error).toMatchObject({ code: "session-failed", option: "sessionHost" });
    }
  });
});
