import type { Place } from "./place.ts";

/** A call of the command line in a script: `run`, `prompts check` …, and the options that it names. */
export interface CommandCall {
  readonly command: string;
  readonly options: readonly string[];
}

/** Finds the calls of `measure-plantain` in a script, whichever way it is started. */
export function findCommandCalls(script: string): CommandCall[] {
  const commands = script
    .replaceAll(/\\\n/g, " ")
    .replaceAll(/(^|\s)#.*$/gm, "")
    .split(/[\n;|&()]+/);
  return commands.flatMap((text) => {
    const [, rest] =
      /(?:^|\s)(?:measure-plantain|apps\/cli\/dist\/main\.js)(?:@\S+)?(?:\s+(.*))?$/.exec(text) ?? [];
    if (!/(?:^|\s)(?:measure-plantain|apps\/cli\/dist\/main\.js)/.test(text)) return [];
    const words = (rest ?? "").trim().split(/\s+/);
    const names = words.slice(0, words.findIndex((word) => !/^[a-z]+$/.test(word)) >>> 0);
    const command = names[0] === "prompts" ? names.slice(0, 2).join(" ") : (names[0] ?? "run");
    return [
      {
        command,
        options: words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.replace(/=.*$/, "")),
      },
    ];
  });
}

/**
 * Holds a script that is not run against bash's grammar and the command line's help.
 *
 * @returns What is wrong, nothing where nothing is.
 */
export async function checkScript(script: string, place: Place): Promise<string[]> {
  const problems: string[] = [];
  await place.write("script.sh", script);
  const parsed = await place.runShell("bash -n script.sh");
  if (parsed.exitCode !== 0) problems.push(parsed.stderr);
  for (const { command, options } of findCommandCalls(script)) {
    const { stdout, exitCode, stderr } = await place.runShell(`measure-plantain ${command} --help`);
    if (exitCode !== 0 || !stdout.startsWith(`Usage: measure-plantain ${command} `))
      problems.push(`measure-plantain has no command ${command}. ${stderr}`);
    const known = new Set(stdout.match(/--[a-z][a-z-]*/g));
    for (const option of options)
      if (!known.has(option)) problems.push(`measure-plantain ${command} has no option ${option}`);
  }
  return problems;
}
