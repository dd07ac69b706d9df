import { setTimeout as wait } from "node:timers/promises";
import { FluxRuntimeError } from "../errors.ts";
import type { HubEnvironment } from "./hub-environment.ts";
import { formatRepository, type HubRepository } from "./hub-repository.ts";

/** How long and how often a hub is asked. */
export interface HubFetchOptions extends Pick<HubEnvironment, "endpoint" | "token"> {
  readonly repository: HubRepository;
  readonly signal?: AbortSignal | undefined;
  /** Requests for the same thing, the first included. */
  readonly attempts?: number;
  /** Milliseconds before the second request; doubled before each further one. */
  readonly firstDelay?: number;
  /** Milliseconds that are waited between the requests at most, all waits together; the user is told of a longer one. */
  readonly longestDelay?: number;
  /** Milliseconds within which an answer must begin. */
  readonly answerTimeout?: number;
}

/** As `fetch`, but with the user's token, bounded repetitions, and an error in words for every refusal. */
export type HubFetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * Makes the function that sends every request to a hub. It waits and asks again where the hub says 429, fails by itself or cannot
 * be reached; any other refusal ends it.
 */
export function createHubFetch({
  endpoint,
  token,
  repository,
  signal,
  attempts = 5,
  firstDelay = 500,
  longestDelay = 60_000,
  answerTimeout = 30_000,
}: HubFetchOptions): HubFetch {
  return async (url, init = {}) => {
    const headers = new Headers(init.headers);
    // A redirect to another server drops this header; the address of a next page could name another server, too.
    if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
      headers.set("Authorization", `Bearer ${token}`);
    }
    const signals = [signal, init.signal].filter((given) => given != null);
    let waited = 0;
    for (let attempt = 1; ; attempt += 1) {
      for (const given of signals) given.throwIfAborted();
      const answer = await ask(url, { ...init, headers }, answerTimeout, signals);
      if (answer instanceof Response && answer.ok) return answer;
      const error =
        answer instanceof Response
          ? await refusal(answer, { endpoint, token, repository })
          : unreachable(endpoint, answer);
      const asked = answer instanceof Response ? askedDelay(answer.headers) : undefined;
      const delay = asked ?? firstDelay * 2 ** (attempt - 1);
      const mayPass = error.code === "hub-rate-limited" || error.code === "hub-unreachable";
      waited += delay;
      if (!mayPass || attempt >= attempts || waited > longestDelay) throw error;
      await wait(delay, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
    }
  };
}

/** The answer, or why there is none. */
async function ask(
  url: string,
  init: RequestInit,
  answerTimeout: number,
  signals: readonly AbortSignal[],
): Promise<Response | Error> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new Error(`no answer within ${answerTimeout / 1_000} s`));
  }, answerTimeout);
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any([late.signal, ...signals]) });
  } catch (error) {
    for (const signal of signals) signal.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(endpoint: string, error: Error): FluxRuntimeError {
  // fetch says only that it failed; the cause says why.
  const reason = error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
  return new FluxRuntimeError(
    "hub-unreachable",
    `The hub ${endpoint} cannot be reached (${reason}). Check the connection and HF_ENDPOINT, or give the path of a checkpoint folder.`,
    { endpoint },
    { cause: error },
  );
}

async function refusal(
  { status, headers, body }: Response,
  { endpoint, token, repository }: Pick<HubFetchOptions, "endpoint" | "token" | "repository">,
): Promise<FluxRuntimeError> {
  await body?.cancel().catch(() => undefined);
  const code = headers.get("X-Error-Code");
  const { name, revision } = repository;
  const details = { endpoint, repository: formatRepository(repository), status };
  const authorize = token === undefined ? "set HF_TOKEN to your token" : "check the token in HF_TOKEN";
  if (code === "GatedRepo" || (status === 403 && code === null)) {
    return new FluxRuntimeError(
      "hub-access-denied",
      `${name} is gated: accept its licence at ${endpoint}/${name}, ${authorize}, and try again.`,
      details,
    );
  }
  if (code === "RevisionNotFound") {
    return new FluxRuntimeError(
      "checkpoint-not-found",
      `${name} has no revision ${revision}. Give a branch, a tag or a full commit of it after the @.`,
      details,
    );
  }
  if (status === 404 && code === "EntryNotFound") {
    return new FluxRuntimeError(
      "checkpoint-not-found",
      `${formatRepository(repository)} has no such file. Try again.`,
      details,
    );
  }
  if (status === 404 || code === "RepoNotFound") {
    return new FluxRuntimeError(
      "checkpoint-not-found",
      `There is no model ${name} at ${endpoint}, or it is private. Check the name; for a private one, ${authorize}.`,
      details,
    );
  }
  if (status === 401 || status === 403) {
    return new FluxRuntimeError(
      "hub-access-denied",
      `The hub ${endpoint} refuses access to ${name} (${status}). If it is private or gated, accept its licence there and ${authorize}; a token that has expired is refused, too.`,
      details,
    );
  }
  if (status === 429) {
    const delay = askedDelay(headers);
    const when = delay === undefined ? "later" : `in ${Math.ceil(delay / 1_000)} s`;
    return new FluxRuntimeError(
      "hub-rate-limited",
      `The hub ${endpoint} takes no more requests for now (429). Try again ${when}; what was downloaded is kept.`,
      details,
    );
  }
  return new FluxRuntimeError(
    status >= 500 || status === 408 ? "hub-unreachable" : "hub-access-denied",
    `The hub ${endpoint} answered ${status} for ${name}. Try again later; what was downloaded is kept.`,
    details,
  );
}

/** The milliseconds that an answer asks to wait: `Retry-After: 5`, or as the hub says it, `RateLimit: "api";r=0;t=5`. */
function askedDelay(headers: Headers): number | undefined {
  const after = headers.get("Retry-After");
  const limit = /;\s*t=(\d+)/.exec(headers.get("RateLimit") ?? "")?.[1];
  if (after !== null && !/^\d+$/.test(after)) {
    const until = Date.parse(after);
    return Number.isNaN(until) ? undefined : Math.max(0, until - Date.now());
  }
  const seconds = after ?? limit;
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
