import { createWordClasses, type WordCount } from "@measure-plantain/prompts";
import { csvParseRows } from "d3-dsv";
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { ProbeError } from "../probe-error.ts";
import { sha256 } from "../sha256.ts";

/** Which list of words an audit went by, as the manifest records it. */
export interface WordCountsRecord {
  /** The file's name, without its folder. */
  readonly file: string;
  /** Of the file. */
  readonly sha256: string;
  /** Entries of the list. */
  readonly words: number;
}

/** A list of words with how often each occurs in some corpus. */
export interface WordCounts {
  /** What the manifest says of the list. */
  readonly record: WordCountsRecord;
  /** The frequency class of a word: class n is 2^n times rarer than the most frequent. */
  readonly wordClass: (word: string) => number;
}

/** One entry of a file before it is known to be a word and its count. */
interface Entry {
  /** `line 7` or `[6]`. */
  readonly place: string;
  readonly word: unknown;
  readonly count: unknown;
}

/**
 * Reads a list of words with counts: a CSV file with the columns `word` and `count`, or a JSON array of
 * `{ "word": …, "count": … }`; further columns and keys are ignored. Spellings that differ in case alone are one word to
 * the audit, which adds their counts; the same spelling twice is refused, since one of the two is a mistake.
 *
 * @throws {ProbeError} for the first thing that is wrong: the file, the line or path in it, what was expected, what to do.
 */
export async function readWordCounts(path: string): Promise<WordCounts> {
  const extension = extname(path).toLowerCase();
  if (extension !== ".csv" && extension !== ".json") {
    throw new ProbeError(
      "invalid-file",
      `The word counts ${path} are neither .csv nor .json. Give a CSV file with the columns word and count, or a JSON array of { "word": …, "count": … }.`,
    );
  }
  const bytes = await readBytes(path);
  const text = decode(bytes, path);
  const words = checkEntries(extension === ".csv" ? readCsv(text, path) : readJson(text, path), path);
  return {
    record: { file: basename(path), sha256: sha256(bytes), words: words.length },
    wordClass: createWordClasses(words),
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProbeError(
      "invalid-file",
      isMissing
        ? `There is no file ${path} with word counts. Correct the path.`
        : `The word counts ${path} cannot be read (${reason}). Give a file that can be.`,
      { cause },
    );
  });
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte-order mark
  } catch (cause) {
    throw new ProbeError(
      "invalid-file",
      `The word counts ${path} are not UTF-8. Save the file in that encoding.`,
      { cause },
    );
  }
}

function readCsv(text: string, path: string): Entry[] {
  let line = 1;
  const rows = csvParseRows(text).map((cells) => {
    const row = { cells, line };
    line += cells.join("").split("\n").length; // a quoted cell may hold line breaks
    return row;
  });
  const [header] = rows;
  const names = header?.cells.map((name) => name.trim()) ?? [];
  const [word, count] = [names.indexOf("word"), names.indexOf("count")];
  if (header !== undefined && (word === -1 || count === -1)) {
    throw new ProbeError(
      "invalid-file",
      `${path}: line 1: expected the columns word and count, found ${names.slice(0, 8).join(", ") || "none"}. Name them so in the first line, with commas between the columns.`,
    );
  }
  return rows
    .slice(1)
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .map(({ cells, line }) => {
      const number = cells[count]?.trim() ?? "";
      return {
        place: `line ${line}`,
        word: cells[word],
        count: number === "" ? undefined : toNumber(number),
      };
    });
}

/** The number that a cell holds; another text as it is. */
function toNumber(text: string): number | string {
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function readJson(text: string, path: string): Entry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProbeError(
      "invalid-file",
      `${path} is not valid JSON (${reason}). Correct it, or give a CSV file.`,
      { cause },
    );
  }
  if (!Array.isArray(json)) {
    throw new ProbeError(
      "invalid-file",
      `${path}: expected an array of { "word": …, "count": … }, found ${json === null ? "null" : `one ${typeof json}`}. Write the words as such an array.`,
    );
  }
  return json.map((entry: unknown, index) => {
    const isRecord = typeof entry === "object" && entry !== null;
    return {
      place: `[${index}]`,
      word: isRecord && "word" in entry ? entry.word : undefined,
      count: isRecord && "count" in entry ? entry.count : undefined,
    };
  });
}

function checkEntries(entries: readonly Entry[], path: string): WordCount[] {
  const places = new Map<string, string>();
  const words = entries.map(({ place, word: given, count }): WordCount => {
    const word = typeof given === "string" ? given.trim() : given;
    const refuse = (what: string): ProbeError => new ProbeError("invalid-file", `${path}: ${place}: ${what}`);
    if (typeof word !== "string" || word === "")
      throw refuse(`expected a word, found ${show(word)}. Write each entry with its word and its count.`);
    if (typeof count !== "number" || !Number.isFinite(count))
      throw refuse(
        `expected a number as the count of ${show(word)}, found ${show(count)}. Write it without separators, as 1234.`,
      );
    if (count <= 0)
      throw refuse(
        `the count of ${show(word)} is ${count}; expected one above 0. Leave out words that do not occur: they count as rarer than any listed one.`,
      );
    const before = places.get(word);
    if (before !== undefined)
      throw refuse(`${show(word)} is there twice, first at ${before}. Keep the entry that is right.`);
    places.set(word, place);
    return { word, count };
  });
  if (words.length === 0)
    throw new ProbeError(
      "invalid-file",
      `${path} holds no words. Give a list with at least one word and its count.`,
    );
  return words;
}

function show(value: unknown): string {
  if (value === undefined || value === "") return "nothing";
  const json = JSON.stringify(value);
  return json.length <= 60 ? json : `${json.slice(0, 57)}…`;
}
