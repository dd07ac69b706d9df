import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor.ts";
import { guideVelocity } from "./guide-velocity.ts";

const row = (...values: number[]): Tensor => ({ data: Float32Array.from(values), shape: [1, values.length] });

describe("guideVelocity(conditional, unconditional, { guidance })", () => {
  it("goes beyond the unconditional velocity by guidance times the difference", () => {
    expect(guideVelocity(row(2, 0), row(1, 1), { guidance: 4 })).toEqual(row(5, -3));
  });
  it("is the conditional velocity at guidance 1, where no rounding intervenes", () => {
    expect(guideVelocity(row(2, 0.5), row(1, 4), { guidance: 1 })).toEqual(row(2, 0.5));
  });
  it("refuses velocities of different shapes", () => {
    expect(() => guideVelocity(row(1), row(1, 2), { guidance: 2 })).toThrow(/\[1, 1\] and \[1, 2\]/);
  });
  it("refuses data that do not fit their shape, rather than taking 0 for what is missing", () => {
    const short = { data: Float32Array.of(1), shape: [1, 2] };
    expect(() => guideVelocity(short, row(1, 2), { guidance: 2 })).toThrow(
      /the conditional.*2 values.*but are 1/,
    );
    expect(() => guideVelocity(row(1, 2), short, { guidance: 2 })).toThrow(
      /the unconditional.*2 values.*but are 1/,
    );
  });
  it.each([NaN, -Infinity, Infinity])("refuses a guidance of %d", (guidance) => {
    expect(() => guideVelocity(row(1), row(1), { guidance })).toThrow(/guidance must be a finite number/);
  });
});
