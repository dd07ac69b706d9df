/**
 * Ends the program quietly where nobody reads its results any more, as in `… | head`, and lets it go on where only its
 * progress is no longer read: what it writes into files is not done yet then.
 */
export function heedClosedPipes(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Every command writes its files before its results, so nothing is lost.
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
