import { type PairAudit, type PromptSet, type PromptSetAudit, promptText } from "@measure-plantain/prompts";
import { csvFormatRows } from "d3-dsv";
import type { ConfoundsSummary } from "../summary/confounds.ts";
import { formatCsvCell } from "./csv-cell.ts";

/** What `pairs.csv` is made of. */
interface PairTable {
  readonly promptSet: PromptSet;
  readonly audit: PromptSetAudit;
  readonly confounds: ConfoundsSummary | null;
  /** Of the prompts' embeddings; `null` if the run did not store it. */
  readonly embeddingDistances: readonly number[] | null;
}

/** The prompt pairs as CSV, one row each: their texts, what the audit counts, and how strongly each pair answered. */
export function formatPairCsv({ promptSet, audit, confounds, embeddingDistances }: PairTable): string {
  const audited = new Map(audit.pairs.map((pair) => [pair.id, pair]));
  const rows = promptSet.pairs.map(({ id, a, b, grade }, place) => {
    const pair = audited.get(id);
    return [
      id,
      promptText(a),
      promptText(b),
      grade ?? null,
      ...columns.map(([, read]) => (pair === undefined ? null : (read(pair) ?? null))),
      embeddingDistances?.[place] ?? null,
      confounds?.responses[place] ?? null,
    ].map(formatCsvCell);
  });
  const header = [
    "id",
    "a",
    "b",
    "grade",
    ...columns.map(([name]) => name),
    "embedding_distance",
    "response",
  ];
  return `${csvFormatRows([header, ...rows])}\n`;
}

const columns: readonly (readonly [name: string, read: (pair: PairAudit) => string | number | undefined])[] =
  [
    ["tokens_a", ({ tokens }) => tokens.a],
    ["tokens_b", ({ tokens }) => tokens.b],
    ["characters_a", ({ characters }) => characters.a],
    ["characters_b", ({ characters }) => characters.b],
    ["word_class_a", ({ wordClass }) => wordClass?.a],
    ["word_class_b", ({ wordClass }) => wordClass?.b],
    ["edit_distance", ({ editDistance }) => editDistance],
    ["shared_prefix_words", ({ sharedWords }) => sharedWords.prefix],
    ["shared_prefix_tokens", ({ sharedTokens }) => sharedTokens?.prefix],
    ["verdict", ({ verdict }) => verdict],
  ];
