import { expect, test } from "vitest";
import { measureDirection } from "./direction.ts";

test("measureDirection counts which side is longer, and by how much on average", () => {
  expect(measureDirection([-1, 0, 2, 3])).toEqual({
    aLonger: 1,
    bLonger: 2,
    equal: 1,
    meanDifference: 1,
    imbalance: 0.25,
    isOneSided: false,
  });
});

test.each([
  [[1, 1, 1, -1], 0.5, false],
  [[1, 1, 1, 0], 0.75, true],
  [[-5, -1], -1, true],
])("the imbalance of %j is %d", (differences, imbalance, isOneSided) => {
  expect(measureDirection(differences)).toMatchObject({ imbalance, isOneSided });
});
