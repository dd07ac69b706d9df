import { expect, test } from "vitest";
import { readPage } from "./pages.ts";
import { findReferences } from "./references.ts";

const path = "docs/architecture.md";

test("a prompt's way to a t value enters at most 30 files", () => {
  const [, way = ""] = /^## A prompt's way to a t value\n(.*?)^## /ms.exec(readPage(path).markdown) ?? [];
  const files = findReferences({ path, markdown: way }).map((reference) => reference.path);
  expect(files.filter((file) => !file.endsWith(".ts"))).toEqual([]);
  expect(new Set(files).size).toBe(files.length);
  expect(files.length).toBeGreaterThan(20);
  expect(files.length).toBeLessThanOrEqual(30);
});
