/** Lets the program go on to its end, quietly, if nobody reads its results or its progress any more, as in `… | head`. */
export function heedClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
