import { Command, CommanderError } from "commander";
import { declareAblate } from "./declarations/declare-ablate.ts";
import { declareGenerate } from "./declarations/declare-generate.ts";
import { declareHook } from "./declarations/declare-hook.ts";
import { declareMachine } from "./declarations/declare-machine.ts";
import { declarePrompts } from "./declarations/declare-prompts.ts";
import { declareResults } from "./declarations/declare-results.ts";
import { declareRun } from "./declarations/declare-run.ts";
import { declareSteer } from "./declarations/declare-steer.ts";
import { exitCodeOf, formatError } from "./exit-code.ts";
import { ownPackage } from "./own-package.ts";
import { endBar } from "./terminal/display.ts";
import { writeMessage, writeResult } from "./terminal/write-text.ts";
import { NegativeAnswer } from "./usage-error.ts";

/**
 * Runs one command to its end: results go to stdout, progress and messages to stderr.
 *
 * @param args - As after the program's name.
 * @param interruption - Ends the command early; its reason says how.
 * @returns The exit code: 0 done, 2 wrong use or bad input, 1 failure, or the interruption's.
 */
export async function runCommandLine(args: readonly string[], interruption: AbortSignal): Promise<number> {
  try {
    await createProgram(interruption).parseAsync(args, { from: "user" });
    return 0;
  } catch (thrown) {
    const error: unknown = interruption.aborted ? interruption.reason : thrown; // what ends early fails in many ways
    endBar();
    const isSaid = error instanceof CommanderError || error instanceof NegativeAnswer; // Commander writes its own
    if (!isSaid) writeMessage(`${formatError(error)}\n`);
    return exitCodeOf(error);
  } finally {
    endBar();
  }
}

function createProgram(interruption: AbortSignal): Command {
  const program = new Command("measure-plantain")
    .description(
      "A per-head attention probe of FLUX.2 Klein: from a checkpoint to t values against their sign-flip null.",
    )
    .version(ownPackage.version)
    .showHelpAfterError("(--help lists the options)")
    .configureOutput({ writeOut: writeResult, writeErr: writeMessage })
    .exitOverride();
  // In the order of the help.
  declareRun(program, interruption);
  declareGenerate(program, interruption);
  declareResults(program, interruption);
  declareAblate(program, interruption);
  declareSteer(program, interruption);
  declareMachine(program, interruption);
  declareHook(program);
  declarePrompts(program, interruption);
  return program;
}
