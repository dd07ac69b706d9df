/** The nearest integer, the even one where two are as near: as numpy and IEEE 754 round. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor + Math.abs(floor % 2);
  return rest < 0.5 ? floor : floor + 1;
}
