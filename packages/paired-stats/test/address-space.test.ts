import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Runs a program under a limit of its address space, in KiB; none with 0. */
function printedUnder(limit: number, program: string): string {
  const withLimit = limit > 0 ? `ulimit -v ${limit} && ` : "";
  return execFileSync(
    "/bin/sh",
    ["-c", `${withLimit}exec "$0" --input-type=module --eval "$1"`, process.execPath, program],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)), // from here the package's own name leads to its dist
      encoding: "utf8",
    },
  );
}

const memory = `
  let memory = "memory";
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  } catch {
    memory = "no memory";
  }
`;
const program = `${memory}
  const { signFlipNull } = await import("@measure-plantain/paired-stats");
  const data = Float64Array.from({ length: 12 * 50 }, (_, at) => Math.sin(at * at));
  const differences = { data, shape: [12, 50] };
  const nulls = [
    await signFlipNull(differences, { exact: true, thresholds: [2] }),
    await signFlipNull(differences, { flips: 300, threads: 2, thresholds: [2, 1] }),
  ];
  console.log(memory + JSON.stringify(nulls));
`;

// only Linux counts reserved addresses against this limit
describe.runIf(process.platform === "linux")(
  "a process that may not reserve the addresses of WebAssembly memory",
  () => {
    it("gets the same bits from the plain engine", () => {
      const limited = printedUnder(4_000_000, program);
      expect(limited).toMatch(/^no memory/);
      expect(limited.replace("no memory", "memory")).toBe(printedUnder(0, program));
    });
  },
);
