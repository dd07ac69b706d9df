import { expect, test } from "vitest";
import {
  formatCount,
  formatMeanCount,
  formatMeasure,
  formatP,
  formatRatio,
  formatShare,
  formatT,
} from "./format-number.ts";

test.each([
  [formatCount(7044), "7,044"],
  [formatMeanCount(94), "94"],
  [formatMeanCount(1.44), "1.4"],
  [formatMeanCount(9.96), "10"],
  [formatMeanCount(0.04), "< 0.1"],
  [formatMeanCount(0), "0"],
  [formatShare(0.43162), "43.2 %"],
  [formatT(14.894), "14.89"],
  [formatT(-3.2), "−3.20"],
  [formatT(-0.001), "0.00"],
  [formatT(-Infinity), "−∞"],
  [formatT(null), "∞"],
  [formatRatio(8.611), "8.6×"],
  [formatRatio(509.8), "510×"],
  [formatRatio(null), "∞"],
  [formatP(1 / 201), "0.005"],
  [formatP(1.23e-8), "1.2e-8"],
  [formatP(0), "0"],
  [formatP(1), "1"],
  [formatMeasure(0.123456), "0.1235"],
  [formatMeasure(-0.0000123456), "−1.235e-5"],
  [formatMeasure(0), "0.000"],
])("%j is %j", (text, expected) => {
  expect(text).toBe(expected);
});
