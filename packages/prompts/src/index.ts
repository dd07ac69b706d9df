export {
  auditPromptSet,
  type AuditOptions,
  type PairAudit,
  type PromptSetAudit,
  type SideCounts,
} from "./audit/audit-prompt-set.ts";
export type { Direction } from "./audit/direction.ts";
export {
  listConfounds,
  type AuditedConfounds,
  type Confound,
  type ConfoundValues,
} from "./audit/list-confounds.ts";
export type { PairCut, PromptSequence, SetCut } from "./audit/sequence-cut.ts";
export type { SharedEnds } from "./audit/shared-ends.ts";
export type { SharedWords } from "./audit/shared-words.ts";
export { createWordClasses, type WordCount } from "./audit/word-class.ts";
export type { CrossedDesign } from "./crossed/expand-design.ts";
export {
  listCells,
  type CellPlace,
  type CrossedCell,
  type CrossedCells,
  type CrossedRow,
} from "./crossed/list-cells.ts";
export { definePromptSet, type TemplatedPromptSet } from "./define-prompt-set.ts";
export { identicalPromptSet } from "./derive/identical-prompt-set.ts";
export { shufflePromptSet } from "./derive/shuffle-prompt-set.ts";
export type { TemplateRow } from "./fill-template.ts";
export { listPromptSets, loadPromptSet, type PromptSetSummary } from "./load-prompt-set.ts";
export { parsePromptSet, type PromptSetFormat } from "./parse-prompt-set.ts";
export {
  listReferences,
  promptImages,
  promptText,
  sideLevels,
  type Factor,
  type FactorLevel,
  type MatchedControl,
  type PromptPair,
  type PromptSet,
  type PromptSide,
  type Reference,
} from "./prompt-set.ts";
export { PromptsError, type PromptsErrorCode, type PromptsProblem } from "./prompts-error.ts";
export { readPromptSet } from "./read-prompt-set.ts";
export { requireGrades, requireReference } from "./required-parts.ts";
export { DEFAULT_PROMPT_SET } from "./sets/built-in-sets.ts";
