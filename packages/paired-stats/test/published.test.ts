import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

describe("the built package", () => {
  it("finds its worker threads and gives the same results with them", () => {
    const program = `
      import { signFlipNull } from "@measure-plantain/paired-stats";
      const data = Float64Array.from({ length: 18 * 50 }, (_, at) => Math.sin(at * at));
      const differences = { data, shape: [18, 50] };
      const [one, two] = await Promise.all(
        [1, 2].map((threads) => signFlipNull(differences, { exact: true, threads, thresholds: [2] })),
      );
      console.log(one.labellings, JSON.stringify(one) === JSON.stringify(two));
    `;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: fileURLToPath(new URL("..", import.meta.url)), // from here the package's own name leads to its dist
      encoding: "utf8",
    });
    expect(printed).toBe("131072 true\n");
  });
});
