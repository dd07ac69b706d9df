/**
 * The length of an axis that the graph shows: a number, or one that a run gives, written as a fraction times powers of
 * named lengths, such as `B · L / 2`.
 */
export interface Size {
  readonly numerator: number;
  readonly denominator: number;
  /** The exponent of each named length. */
  readonly powers: ReadonlyMap<string, number>;
  /** Whether all of its names are lengths of graph inputs, so that another such size is equal only if it looks so. */
  readonly isTraced: boolean;
}

/** Sizes beyond these come from no model that runs; the bounds keep a hostile graph from growing them without end. */
const MAXIMUM_NAME = 120;
const MAXIMUM_NAMES = 8;

/** What the names of results begin with. */
const RESULT = "(";

const NO_POWERS: ReadonlyMap<string, number> = new Map();

/** A length that is a number. */
export function fixedSize(count: number): Size {
  return { numerator: count, denominator: 1, powers: NO_POWERS, isTraced: true };
}

/** A length that has a name: one of a graph input, or of a value of which the graph does not show more. */
export function namedSize(name: string, isTraced: boolean): Size {
  return { numerator: 1, denominator: 1, powers: new Map([[name, 1]]), isTraced };
}

/** The number, if the size is one. */
export function countOf(size: Size | undefined): number | undefined {
  return size?.powers.size === 0 && size.denominator === 1 ? size.numerator : undefined;
}

/** Whether a size is a name alone, and computed from no others. */
export function isName({ numerator, denominator, powers }: Size): boolean {
  const [only, ...others] = powers;
  const isWhole = numerator === 1 && denominator === 1 && others.length === 0;
  return isWhole && only !== undefined && only[1] === 1 && !only[0].startsWith(RESULT);
}

/** Whether two sizes are equal in every run. */
export function isSameSize(a: Size, b: Size): boolean {
  return formatSize(a) === formatSize(b);
}

/** The size as people write it: `2 * B / 3`; equal sizes look alike. */
export function formatSize({ numerator, denominator, powers }: Size): string {
  const factors = [...powers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, power]) => (power > 0 ? Array<string>(power).fill(name) : [`${name}^${power}`]));
  const scaled = numerator === 1 && factors.length > 0 ? factors : [String(numerator), ...factors];
  return denominator === 1 ? scaled.join(" * ") : `${scaled.join(" * ")} / ${denominator}`;
}

/** a · b. */
export function multiplySizes(a: Size | undefined, b: Size | undefined): Size | undefined {
  return combine(a, b, 1);
}

/** a / b, where it comes out even in every run. */
export function divideSizes(a: Size | undefined, b: Size | undefined): Size | undefined {
  return countOf(b) === 0 ? undefined : combine(a, b, -1);
}

/** The whole part of a / b, as a division of integers gives it. */
export function floorDivideSizes(a: Size | undefined, b: Size | undefined): Size | undefined {
  const [count, divisor] = [countOf(a), countOf(b)];
  if (count !== undefined && divisor !== undefined) {
    return divisor === 0 ? undefined : fixedSize(Math.floor(count / divisor));
  }
  const ratio = divideSizes(a, b);
  const isEven = ratio?.denominator === 1 && [...ratio.powers.values()].every((power) => power > 0);
  return isEven ? ratio : nameResult("/", a, b);
}

/** a + b. */
export function addSizes(a: Size | undefined, b: Size | undefined): Size | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (countOf(a) === 0) return b;
  if (countOf(b) === 0) return a;
  const [unitOfA, unitOfB] = [a, b].map((size) => formatSize({ ...size, numerator: 1, denominator: 1 }));
  if (unitOfA !== unitOfB)
    return nameResult("+", ...(formatSize(a) < formatSize(b) ? ([a, b] as const) : ([b, a] as const)));
  return reduced({
    ...a,
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
    isTraced: a.isTraced && b.isTraced,
  });
}

/** a − b. */
export function subtractSizes(a: Size | undefined, b: Size | undefined): Size | undefined {
  return addSizes(a, multiplySizes(b, fixedSize(-1)));
}

/** A size of its own name for what is no product. */
function nameResult(operator: string, a: Size | undefined, b: Size | undefined): Size | undefined {
  if (a === undefined || b === undefined) return undefined;
  const name = `${RESULT}${formatSize(a)} ${operator} ${formatSize(b)})`;
  return name.length > MAXIMUM_NAME ? undefined : namedSize(name, a.isTraced && b.isTraced);
}

function combine(a: Size | undefined, b: Size | undefined, sign: 1 | -1): Size | undefined {
  if (a === undefined || b === undefined) return undefined;
  const powers = new Map(a.powers);
  for (const [name, power] of b.powers) {
    const own = (powers.get(name) ?? 0) + sign * power;
    if (own === 0) powers.delete(name);
    else powers.set(name, own);
  }
  const [over, under] = sign === 1 ? [b.numerator, b.denominator] : [b.denominator, b.numerator];
  return reduced({
    numerator: a.numerator * over,
    denominator: a.denominator * under,
    powers,
    isTraced: a.isTraced && b.isTraced,
  });
}

function reduced({ numerator, denominator, powers, isTraced }: Size): Size | undefined {
  const isBounded =
    Number.isSafeInteger(numerator) &&
    Number.isSafeInteger(denominator) &&
    denominator !== 0 &&
    powers.size <= MAXIMUM_NAMES &&
    [...powers.values()].every((power) => Math.abs(power) <= MAXIMUM_NAMES);
  if (!isBounded) return undefined;
  if (numerator === 0) return fixedSize(0);
  const divisor = greatestDivisor(numerator, denominator) * Math.sign(denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor, powers, isTraced };
}

function greatestDivisor(a: number, b: number): number {
  let [larger, smaller] = [Math.abs(a), Math.abs(b)];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}
