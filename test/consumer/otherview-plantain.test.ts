import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exampleFolder, testExample } from "./test-example.ts";

testExample("otherview-plantain");

it("examples/otherview-plantain composes the packages in less than 60 lines", () => {
  const lines = readFileSync(join(exampleFolder("otherview-plantain"), "probe.ts"), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeLessThan(60);
});
