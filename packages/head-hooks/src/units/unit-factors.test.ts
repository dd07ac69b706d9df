import { expect, it } from "vitest";
import { errorOf } from "../../test/error-of.ts";
import { smallLayout } from "../../test/small-layout.ts";
import { unitFactors } from "./unit-factors.ts";
import { unitRecords } from "./unit-layout.ts";

it.each([NaN, undefined, Infinity, "0.5", null])("unitFactors refuses the factor %s", (factor) => {
  const address = unitRecords(smallLayout)[0]?.address ?? "";
  // What came from JSON may have any type.
  const error = errorOf(() => unitFactors(smallLayout, { [address]: factor as number }));
  expect(error.code).toBe("invalid-argument");
  expect(error.message).toContain(`"${address}"`);
  expect(error.message).toContain(`received ${String(factor)}`);
});
