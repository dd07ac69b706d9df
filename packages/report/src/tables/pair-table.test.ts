import { promptText } from "@measure-plantain/prompts";
import { csvParse } from "d3-dsv";
import { expect, test } from "vitest";
import { syntheticContext } from "../../test/synthetic-probe.ts";
import { formatPairCsv } from "./pair-table.ts";

const { promptSet, audit } = syntheticContext(6);

test("pairs.csv has each pair's texts, what the audit counts, and its response", () => {
  const responses = [0.1, -0.2, 0.3, 0.4, 0.1 + 0.2, 6];
  const confounds = { responses, correlations: [], constant: [], alpha: 0.05 };
  const embeddingDistances = [1.5, 2, 2, 3, 4, 5];
  const rows = csvParse(formatPairCsv({ promptSet, audit, confounds, embeddingDistances }));
  expect(rows).toHaveLength(6);
  const [first] = audit.pairs;
  expect(rows[0]).toMatchObject({
    id: "pair-0",
    a: promptSet.pairs[0]?.a,
    tokens_a: String(first?.tokens.a),
    characters_b: String(first?.characters.b),
    edit_distance: String(first?.editDistance),
    shared_prefix_words: String(first?.sharedWords.prefix),
    word_class_a: "",
    verdict: first?.verdict,
  });
  expect(rows.map(({ response }) => Number(response))).toEqual(responses);
  expect(rows.map((row) => Number(row["embedding_distance"]))).toEqual(embeddingDistances);
});

test("a prompt with commas, quotes, markup, right-to-left script or a line break reads back as it was written", () => {
  const texts = ['a, "b"\n<b>c</b>', "جسم كبير جدا", "🏙️ city-sized"];
  const pairs = texts.map((a, place) => ({ id: `pair-${place}`, a, b: "x" }));
  const rows = csvParse(
    formatPairCsv({ promptSet: { ...promptSet, pairs }, audit, confounds: null, embeddingDistances: null }),
  );
  expect(rows.map(({ a }) => a)).toEqual(texts);
});

test("a prompt that a spreadsheet would take for a formula begins with an apostrophe instead", () => {
  const rows = csvParse(formatPairCsv({ promptSet, audit, confounds: null, embeddingDistances: null }));
  expect(promptText(promptSet.pairs[1]?.a ?? "")).toMatch(/^=/);
  expect(rows[1]?.["a"]).toBe(`'${promptText(promptSet.pairs[1]?.a ?? "")}`);
  for (const row of rows)
    for (const name of ["id", "a", "b"]) expect(row[name]).not.toMatch(/^\s*[=+\-@]|^[\t\r\n]/);
});
