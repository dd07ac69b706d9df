import { nearestName } from "../nearest-name.ts";
import { PromptsError, type PromptsProblem } from "../prompts-error.ts";
import { readCsvRows, type CsvCell } from "./csv-cells.ts";
import { shorten } from "./json-path.ts";
import type { LocatedDocument, TextPosition } from "./located-document.ts";
import { parseYaml } from "./parse-yaml.ts";
import { splitCsvHead } from "./split-csv-head.ts";

/** What the comment lines above the header row must say; `reference` and `controls` may be there too. */
const HEAD_KEYS = ["name", "version", "title", "labels"];
const PAIR_COLUMNS = ["id", "a", "b", "grade"];
const REQUIRED_COLUMNS = ["id", "a", "b"];

/** The number of a JSON text: "1e-4" and "-2" are numbers, "007" and "1,000" are words. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * Reads a set as CSV: comment lines with its head, a header row, a row for each pair.
 *
 * The lines that begin with `#` above the header row are YAML (`# name: warmth`) and say everything but the pairs. The
 * columns are `id`, `a`, `b` and, if wanted, `grade`; any other column goes to `meta`, where `x_a` and `x_b` become the
 * list `x: [a, b]`, so that no column `x` may stand beside them. Cells of `grade` and `meta` that look like a JSON
 * number are numbers; empty ones are left out.
 *
 * @throws {PromptsError} `invalid-csv`, `missing-key`, `duplicate-key` or `unknown-key` with line and column.
 */
export function parseCsv(text: string, { source }: { readonly source: string }): LocatedDocument {
  const parts = splitCsvHead(text);
  const head = parseYaml(parts.head, { source });
  const [header = [], ...rows] = readCsvRows(parts.rows, { source });
  const [first, ...others] = [
    ...findHeadProblems(head),
    ...findColumnProblems(header),
    ...rows.flatMap((row) => findRowProblems(row, header)),
  ];
  if (first !== undefined) throw new PromptsError([first, ...others], { source });
  const columns = header.map(({ text }) => text.trim());
  const value = { ...toRecord(head.value), pairs: rows.map((row) => readPair(row, columns)) };
  return { value, locate: (path) => locate(path, { head, columns, rows }) };
}

function readPair(row: readonly CsvCell[], columns: readonly string[]): Record<string, unknown> {
  const cells = new Map(columns.map((column, index) => [column, row[index]?.text ?? ""]));
  const meta = new Map<string, unknown>();
  for (const [column, text] of cells) {
    if (PAIR_COLUMNS.includes(column)) continue;
    const stem = pairedStem(column, cells);
    if (stem === undefined) {
      if (text !== "") meta.set(column, readValue(text));
      continue;
    }
    const sides = [cells.get(`${stem}_a`) ?? "", cells.get(`${stem}_b`) ?? ""];
    if (sides.some((side) => side !== "")) meta.set(stem, sides.map(readValue));
  }
  const grade = cells.get("grade") ?? "";
  return {
    id: cells.get("id"),
    a: cells.get("a"),
    b: cells.get("b"),
    ...(grade === "" ? {} : { grade: readValue(grade) }),
    ...(meta.size === 0 ? {} : { meta: Object.fromEntries(meta) }),
  };
}

/** The x of a column x_a or x_b, where both are there. */
function pairedStem(column: string, columns: ReadonlyMap<string, unknown>): string | undefined {
  const stem = /^(.+)_[ab]$/.exec(column)?.[1];
  if (stem === undefined) return undefined;
  return columns.has(`${stem}_a`) && columns.has(`${stem}_b`) ? stem : undefined;
}

function readValue(text: string): unknown {
  return NUMBER.test(text) ? Number(text) : text === "" ? null : text;
}

function findHeadProblems({ value, locate }: LocatedDocument): PromptsProblem[] {
  const keys = Object.keys(toRecord(value));
  if (typeof value !== "object" || Array.isArray(value)) {
    return [
      {
        code: "invalid-csv",
        path: "",
        line: 1,
        column: 1,
        what: "the comment lines above the header row do not describe the set",
        expected: 'lines such as "# name: warmth"',
        received: "other text",
        advice: 'Write remarks as a comment in the comment: "# # collected in May".',
      },
    ];
  }
  const missing = HEAD_KEYS.filter((key) => !keys.includes(key)).map((key): PromptsProblem => ({
    code: "missing-key",
    path: key,
    line: 1,
    column: 1,
    what: "a key is missing",
    expected: `a line "# ${key}: …" above the header row`,
    received: "nothing",
    advice: "Add it.",
  }));
  const pairs: PromptsProblem = {
    code: "unknown-key",
    path: "pairs",
    ...locate(["pairs"]),
    what: "the comment lines above the header row have pairs",
    expected: "pairs as rows only",
    received: '"pairs"',
    advice: "Remove it, or write each pair as a row.",
  };
  const crossed = ["template", "factors"].filter((key) => keys.includes(key));
  return [
    ...missing,
    ...(keys.includes("pairs") ? [pairs] : []),
    ...crossed.map((key): PromptsProblem => ({
      code: "unknown-key",
      path: key,
      ...locate([key]),
      what: "the comment lines above the header row describe a crossed set",
      expected: "a set whose pairs are rows",
      received: JSON.stringify(key),
      advice: "Write a crossed set as JSON or YAML.",
    })),
  ];
}

function findColumnProblems(header: readonly CsvCell[]): PromptsProblem[] {
  const names = header.map(({ text }) => text.trim());
  const { line, column } = header[0] ?? { line: 1, column: 1 };
  const missing = REQUIRED_COLUMNS.filter((name) => !names.includes(name)).map((name): PromptsProblem => ({
    code: "missing-key",
    path: "",
    line,
    column,
    what: `the column ${name} is missing`,
    expected: "a header row with the columns id, a and b",
    received: names.length === 0 ? "no row" : `the columns ${shorten(names.join(", "))}`,
    advice: "Add it.",
  }));
  const firstIndex = new Map([...names.entries()].reverse().map(([index, name]) => [name, index]));
  const unused = PAIR_COLUMNS.filter((column) => !firstIndex.has(column));
  const wrong = header.flatMap((cell, index): PromptsProblem[] => {
    const name = cell.text.trim();
    const place = { path: "", line: cell.line, column: cell.column, received: JSON.stringify(shorten(name)) };
    if (firstIndex.get(name) !== index) {
      const what = "a column occurs twice";
      return [
        { code: "duplicate-key", ...place, what, expected: "each once", advice: "Remove or rename one." },
      ];
    }
    const isOwnKey = !PAIR_COLUMNS.includes(name) && pairedStem(name, firstIndex) === undefined;
    if (isOwnKey && firstIndex.has(`${name}_a`) && firstIndex.has(`${name}_b`)) {
      const what = "a column has the name under which meta records two others";
      const expected = `either it or ${shorten(name)}_a and ${shorten(name)}_b`;
      return [{ code: "duplicate-key", ...place, what, expected, advice: "Remove or rename it." }];
    }
    const advice = adviseColumn(name, unused);
    if (advice === undefined) return [];
    const expected = "id, a, b, grade, or a name for what meta records";
    return [{ code: "unknown-key", ...place, what: "a column is not known", expected, advice }];
  });
  return [...missing, ...wrong];
}

/** What to do about a column that meta ought not to swallow: an unnamed one, images, a slip of the keyboard. */
function adviseColumn(name: string, unused: readonly string[]): string | undefined {
  if (PAIR_COLUMNS.includes(name)) return undefined;
  if (name === "") return "Name it, or remove it.";
  if (/^images?(?:_[ab])?$/.test(name)) return "Write a set with images as JSON or YAML.";
  const near = nearestName(name, unused);
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}

function findRowProblems(row: readonly CsvCell[], header: readonly CsvCell[]): PromptsProblem[] {
  const [{ line, column } = { line: 1, column: 1 }] = row;
  if (row.length === header.length) return [];
  return [
    {
      code: "invalid-csv",
      path: "",
      line,
      column,
      what: "a row has not as many cells as the header row",
      expected: `${header.length} cells`,
      received: String(row.length),
      advice: "Put a cell that holds a comma in double quotes.",
    },
  ];
}

function locate(
  path: readonly PropertyKey[],
  {
    head,
    columns,
    rows,
  }: {
    readonly head: LocatedDocument;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly CsvCell[])[];
  },
): TextPosition {
  const [first, index, third, fourth] = path;
  const key = third === "meta" ? fourth : third;
  const row = first === "pairs" && typeof index === "number" ? rows[index] : undefined;
  if (row === undefined) return head.locate(path);
  const { line, column } = row[columns.indexOf(String(key))] ?? row[0] ?? head.locate([]);
  return { line, column };
}

function toRecord(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
