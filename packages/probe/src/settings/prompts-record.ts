import { listPromptSets } from "@measure-plantain/prompts";
import { basename } from "node:path";

/** How the prompts of a run were asked for, to ask for them again. */
export interface PromptsRecord {
  /** The name of a built-in set, or of a file without its folder. */
  readonly argument: string;
  /** The control that was derived from that set. */
  readonly control?: string;
}

/** What is recorded of prompts that were asked for by a name or a path. */
export function namePrompts(nameOrPath: string): PromptsRecord {
  const isBuiltIn = listPromptSets().some(({ name }) => name === nameOrPath);
  return { argument: isBuiltIn ? nameOrPath : basename(nameOrPath) };
}
