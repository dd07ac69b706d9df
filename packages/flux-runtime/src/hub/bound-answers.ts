import type { FluxRuntimeError } from "../errors.ts";
import type { HubFetch } from "./hub-fetch.ts";
import { invalidAnswer } from "./invalid-answer.ts";

/** Limits for one listing: its responses, page by page, taken together. */
export interface AnswerBounds {
  /** Bytes of an answer after it is unpacked; a page of a thousand files has about 300,000. */
  readonly largestAnswer?: number;
  /** Answers; a list comes page by page. */
  readonly mostAnswers?: number;
  /** Milliseconds from now to the last byte of the last answer. */
  readonly totalTimeout?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a fetch whose answers are there as a whole: those that are too large, too many or too slow are refused before they
 * fill the memory or the day.
 *
 * @throws {FluxRuntimeError} `hub-invalid-answer` from the returned function, and what `hubFetch` throws.
 */
export function boundAnswers(
  hubFetch: HubFetch,
  { largestAnswer = 16 * 2 ** 20, mostAnswers = 100, totalTimeout = 120_000, signal }: AnswerBounds = {},
): HubFetch {
  let answers = 0;
  const late = AbortSignal.timeout(totalTimeout);
  return async (url, init = {}) => {
    if (++answers > mostAnswers) throw refuse(url, `more than ${mostAnswers} pages`);
    try {
      const response = await hubFetch(url, { ...init, signal: late });
      const body = await readAtMost(response, largestAnswer);
      if (body === null) throw refuse(url, `an answer of more than ${largestAnswer} bytes`);
      return new Response(body, { headers: response.headers });
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) throw refuse(url, `no whole answer within ${totalTimeout / 1_000} s`);
      throw error;
    }
  };
}

/** The body; null if it is longer. */
async function readAtMost({ body }: Response, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream: ReadableStream<Uint8Array> | null = body;
  // Leaving the loop ends the transfer.
  for await (const piece of stream ?? []) {
    length += piece.length;
    if (length > limit) return null;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces, length));
}

function refuse(url: string, received: string): FluxRuntimeError {
  const { origin } = new URL(url);
  return invalidAnswer(origin, `it gives ${received}`);
}
