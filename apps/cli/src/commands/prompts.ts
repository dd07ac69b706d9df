import { locateCheckpoint, resolveCheckpoint } from "@measure-plantain/flux-runtime";
import { listPromptSets, loadPromptSet, readPromptSet } from "@measure-plantain/prompts";
import {
  auditPrompts,
  describeCutPairs,
  requireContrast,
  readWordCounts,
  hashPromptSet,
} from "@measure-plantain/probe";
import { describeRarity } from "@measure-plantain/report";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";

/** Lists the built-in prompt sets. */
export function listSets({ json }: { readonly json: boolean }): void {
  const sets = listPromptSets();
  if (json) writeResult(`${JSON.stringify(sets, null, 2)}\n`);
  else
    for (const { name, version, pairs, title } of sets)
      writeResult(`${name} ${version}\t${pairs} pairs\t${title}\n`);
}

/** What `measure-plantain prompts check` was told. */
export interface CheckSetOptions {
  readonly checkpoint: string;
  readonly maxSequenceLength: number;
  /** A file of words with counts. */
  readonly wordCounts?: string;
  readonly offline: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Validates a prompt-set file and audits it under the tokenizer of a checkpoint.
 *
 * @throws UsageError, once the audit is printed, if a pair has no contrast left in the token sequence.
 */
export async function checkSet(
  file: string,
  { checkpoint, maxSequenceLength, wordCounts: wordFile, offline, json, quiet }: CheckSetOptions,
  signal: AbortSignal,
): Promise<void> {
  const isBuiltIn = listPromptSets().some(({ name }) => name === file);
  const set = await (isBuiltIn ? loadPromptSet(file) : readPromptSet(file));
  await hashPromptSet(set); // refuses images that cannot be read
  const wordCounts = wordFile === undefined ? null : await readWordCounts(wordFile);
  const display = createDisplay({ quiet });
  const resolved = await resolveCheckpoint(checkpoint, { offline, signal, ...display });
  const audit = await auditPrompts(set, resolved.checkpoint, { maxSequenceLength, wordCounts });
  for (const sentence of describeCutPairs(audit)) display.onNote({ kind: "warning", text: sentence });
  if (json) {
    writeResult(`${JSON.stringify(audit, null, 2)}\n`);
    requireContrast(audit);
    return;
  }
  writeResult(`${set.name} ${set.version}: ${set.pairs.length} pairs, valid.\n`);
  if ((await locateCheckpoint(checkpoint, { offline })).kind === "synthesized") {
    writeResult(`Tokens are those of the synthesised tokenizer; give --checkpoint for the real one's.\n`);
  }
  for (const { id, verdict, tokens, changes } of audit.pairs) {
    const line = [verdict.padEnd(9), id, `(${tokens.a}/${tokens.b} tokens)`, ...changes].join(" ");
    writeResult(`${line}\n`);
  }
  const rarity = describeRarity(audit.direction, {
    labels: set.labels,
    wordCounts: wordCounts?.record,
  });
  for (const sentence of rarity) writeResult(`${sentence}\n`);
  for (const change of audit.changes) writeResult(`${change}\n`);
  requireContrast(audit);
}
