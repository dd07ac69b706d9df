import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["pair", "pairs"],
  ["Reference", "reference"],
  ["lables", "labels"],
])("nearestName(%j) is %j", (name, nearest) => {
  expect(nearestName(name, ["name", "labels", "reference", "pairs"])).toBe(nearest);
});

test("nearestName finds none where nothing is close", () => {
  expect(nearestName("colour", ["name", "pairs"])).toBeUndefined();
  expect(nearestName("x".repeat(1_000_000), ["name", "pairs"])).toBeUndefined();
  expect(nearestName("name", [])).toBeUndefined();
});
