import { expect, it } from "vitest";
import { countLines, testExample } from "./test-example.ts";

testExample("four-packages");

it("examples/four-packages composes the packages in less than 60 lines", () => {
  expect(countLines("four-packages")).toBeLessThan(60);
});
