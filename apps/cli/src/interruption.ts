/** The signals that end a command in good order, and the exit code of each: 128 and its number, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type EndingSignal = keyof typeof EXIT_CODES;

/** Why a command ended early: somebody asked it to. */
export class Interruption extends Error {
  override readonly name: string = "Interruption";
  readonly exitCode: (typeof EXIT_CODES)[EndingSignal];

  constructor(signal: EndingSignal) {
    super("Interrupted. What was stored is kept; the same command goes on from there.");
    this.exitCode = EXIT_CODES[signal];
  }
}

/**
 * Ends what runs when Ctrl-C or SIGTERM comes, with an {@link Interruption} as the reason: files are closed, unfinished
 * ones removed, folders unlocked. A second signal ends the process at once.
 */
export function heedSignals(): AbortSignal {
  const interruption = new AbortController();
  const interrupt = (signal: EndingSignal): void => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
    interruption.abort(new Interruption(signal));
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  return interruption.signal;
}
