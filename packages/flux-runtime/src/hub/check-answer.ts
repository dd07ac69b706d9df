import { invalidAnswer } from "./invalid-answer.ts";
import type { HubFile } from "./list-snapshot.ts";

/** How the bytes of an answer are to be taken. */
export interface CheckedAnswer {
  /** Where in the file its first byte belongs. */
  readonly position: number;
  /** Where in the file it says that it ends; null if it does not say. */
  readonly end: number | null;
}

/**
 * Checks before the first byte is stored that an answer can be the file: not a page, and of the length that the hub listed.
 *
 * @param start - The byte from which on the file was asked for.
 * @throws {FluxRuntimeError} `hub-invalid-answer`.
 */
export function checkAnswer(file: HubFile, { status, headers, url }: Response, start: number): CheckedAnswer {
  const refuse = (received: string): never => {
    const asked = start > 0 ? ` from byte ${start}` : "";
    throw invalidAnswer(originOf(url), `for ${file.path} of ${file.size} bytes${asked} it sends ${received}`);
  };
  const type = headers.get("Content-Type") ?? "";
  if (/^\s*(text\/html|application\/xhtml)/i.test(type)) refuse("a web page");
  if (status === 206) {
    const range = headers.get("Content-Range") ?? "no range";
    const [, first, last, length] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
    const fits = Number(first) === start && Number(last) < file.size;
    if (!fits || (length !== "*" && Number(length) !== file.size))
      refuse(`the part ${JSON.stringify(range)}`);
    return { position: start, end: Number(last) + 1 };
  }
  if (status !== 200) refuse(`status ${status}`);
  // The length of packed bytes says nothing about the file's.
  const length = headers.has("Content-Encoding") ? null : headers.get("Content-Length");
  if (length !== null && Number(length) !== file.size) refuse(`${length} bytes`);
  return { position: 0, end: length === null ? null : file.size };
}

/** Where an answer came from, after all redirects. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "The hub";
}
