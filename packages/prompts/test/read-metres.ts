const METRES_PER_UNIT = new Map([
  ["nm", 1e-9],
  ["nanometer", 1e-9],
  ["micron", 1e-6],
  ["micrometer", 1e-6],
  ["mm", 1e-3],
  ["millimeter", 1e-3],
  ["inch", 0.0254],
  ["meter", 1],
  ["km", 1e3],
  ["kilometer", 1e3],
  ["mile", 1609.344],
]);

const NUMBER_WORDS = new Map([
  ["a", 1],
  ["one", 1],
  ["three", 3],
  ["twenty", 20],
  ["thousand", 1e3],
]);

const number = `\\d[\\d.,]*|${[...NUMBER_WORDS.keys()].join("|")}`;
const unit = [...METRES_PER_UNIT.keys()].join("|");
const length = new RegExp(`((?:\\b(?:${number})[\\s-])+)(${unit})(?:e?s)?\\b`, "i");

/**
 * Reads the length that a prompt states: "50-micrometer-wide", "0.003 inches", "twenty thousand meters".
 *
 * None where no number stands before a unit; "a few" is no number; a bound is read as the length it names.
 */
export function readMetres(prompt: string): number | undefined {
  const match = length.exec(prompt);
  const metres = METRES_PER_UNIT.get(match?.[2] ?? "");
  if (match === null || metres === undefined) return undefined;
  const factors = (match[1] ?? "")
    .trim()
    .split(/[\s-]+/)
    .filter((word) => word !== "");
  return factors.reduce((product, word) => product * readNumber(word), metres);
}

function readNumber(word: string): number {
  return NUMBER_WORDS.get(word.toLowerCase()) ?? Number(word.replaceAll(",", ""));
}
