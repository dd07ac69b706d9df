import { describe, expect, inject, test } from "vitest";
import { isAllowed } from "./allowed-licences.mjs";

describe("isAllowed(name, licence)", () => {
  test.each([
    ["MIT", true],
    ["(MIT OR GPL-3.0-only)", true],
    ["(Apache-2.0 AND BSD-3-Clause)", true],
    ["Apache-2.0 AND LGPL-3.0-or-later", false],
    ["GPL-3.0-only", false],
    ["AGPL-3.0-or-later", false],
    ["Unknown", false],
    ["SEE LICENSE IN LICENSE.md", false],
  ])("of any package: %s is %s", (licence, expected) => {
    expect(isAllowed("anything", licence)).toBe(expected);
  });

  test("the LGPL is allowed to sharp's shared libraries alone, and no other licence to them", () => {
    expect(isAllowed("@img/sharp-libvips-linux-x64", "LGPL-3.0-or-later")).toBe(true);
    expect(isAllowed("@img/sharp-win32-x64", "Apache-2.0 AND LGPL-3.0-or-later")).toBe(true);
    expect(isAllowed("@img/sharp-libvips-linux-x64", "GPL-3.0-or-later")).toBe(false);
    expect(isAllowed("sharp-lookalike", "LGPL-3.0-or-later")).toBe(false);
  });
});

test("every installed dependency comes under a licence that is allowed", () => {
  const licences = inject("licences");
  expect(licences.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["onnxruntime-node", "sharp", "typescript"]),
  );
  expect(licences.filter(({ name, licence }) => !isAllowed(name, licence))).toEqual([]);
});
