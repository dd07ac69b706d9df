import { openRun } from "@measure-plantain/probe";
import { verifyRun } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Checks a run folder, and prints what was checked.
 *
 * @throws UsageError if something in it does not verify, after all was checked.
 */
export async function verify(
  directory: string,
  options: { readonly json: boolean; readonly quiet: boolean },
  signal: AbortSignal,
): Promise<void> {
  const run = await openRun(directory);
  const items = await verifyRun(run, { signal, commands: formatCommands, ...createDisplay(options) });
  const lines = items.map(
    ({ what, problem }) =>
      `${problem === null ? "✓" : "✗"} ${what}${problem === null ? "" : `: ${problem}`}\n`,
  );
  writeResult(options.json ? `${JSON.stringify(items, null, 2)}\n` : lines.join(""));
  const wrong = items.filter(({ problem }) => problem !== null);
  if (wrong.length === 0) return;
  throw new UsageError(
    `${wrong.length} of ${items.length} checks of ${run.path} failed (${wrong.map(({ what }) => what).join(", ")}). If the captures verify, \`measure-plantain stats ${directory}\` rewrites the rest.`,
  );
}
