import { HeadHooksError } from "../head-hooks-error.ts";
import { nearestNames } from "../nearest-names.ts";
import { headRecords, type UnitLayout, unitRecords, unitTable } from "./unit-layout.ts";

/** A factor by the address of a unit or of a head. */
export type UnitFactors = Readonly<Record<string, number>>;

/**
 * The factors that a model hooked with `scale` takes: 1 for every unit but those named. A head's factor counts for
 * all of its units; where a unit is named too, both count.
 *
 * @returns float32 [units], to be fed as `layout.scaleInput`.
 * @throws HeadHooksError `invalid-address` if the layout has no unit and no head of that address, `invalid-argument` if a
 *   factor is no finite number.
 * @example
 * ```ts
 * const data = unitFactors(layout, { "block.0.head.3": 0 }); // without head 3 of block 0
 * const feeds = { x, scale: new ort.Tensor("float32", data, [data.length]) };
 * ```
 */
export function unitFactors(layout: UnitLayout, factors: UnitFactors = {}): Float32Array {
  const units = new Map(unitRecords(layout).map(({ address }, index) => [address, index]));
  const heads = new Map(headRecords(layout).map(({ address }, index) => [address, index]));
  const { head: headOfUnit } = unitTable(layout);
  const scale = new Float32Array(layout.unitCount).fill(1);
  for (const [address, factor] of Object.entries(factors)) {
    const unit = units.get(address);
    const head = heads.get(address);
    if (unit === undefined && head === undefined) {
      const nearest = nearestNames(address, [...heads.keys(), ...units.keys()], 3);
      throw new HeadHooksError(
        "invalid-address",
        `the layout has no unit and no head "${address}"; the nearest are ${nearest.join(", ")}`,
        { address, nearest },
      );
    }
    // What is read from JSON or a form may be no number, whatever its type says.
    if (!Number.isFinite(factor)) {
      throw new HeadHooksError(
        "invalid-argument",
        `the factor of "${address}" must be a finite number, as 0 to switch it off; received ${String(factor)}`,
        { address },
      );
    }
    for (const [index, own] of headOfUnit.entries()) {
      if (index === unit || (head !== undefined && own === head)) scale[index] = (scale[index] ?? 1) * factor;
    }
  }
  return scale;
}
