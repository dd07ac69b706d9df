import type { ListFileEntry } from "@huggingface/hub";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { boundAnswers, type AnswerBounds } from "./bound-answers.ts";
import type { HubFetch } from "./hub-fetch.ts";
import { formatRepository, type HubRepository } from "./hub-repository.ts";
import { invalidAnswer } from "./invalid-answer.ts";
import { listMissingFiles, selectNeededFiles, type NeededParts } from "./needed-files.ts";

/** A file of a repository, as the hub lists it. */
export interface HubFile {
  /** Its path within the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Names the content, in the hub and in the cache, and checks it: the SHA-256 of a large file, or of a small one the SHA-1 that
   * git gives it.
   */
  readonly checksum: string;
}

/** What a revision stands for, and the files of it that a checkpoint is opened from. */
export interface HubSnapshot {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** Files that a repository may have at most; the list comes from elsewhere. */
const MOST_FILES = 10_000;

const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/, "expected a commit") });
const entrySchema = z.object({ type: z.string(), path: z.string() });
const sizeSchema = z.int().nonnegative();
/** A large file has a pointer in git, and its own checksum and size apart. */
const fileSchema = z.object({
  oid: z.string().regex(/^[0-9a-f]{40}$/, "expected a SHA-1"),
  size: sizeSchema,
  lfs: z
    .object({ oid: z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256"), size: sizeSchema })
    .optional(),
});

/**
 * Asks the hub which commit a revision is, and which of the needed files are in it.
 *
 * @throws {FluxRuntimeError} `checkpoint-not-found` if files are missing that every checkpoint has; `hub-invalid-answer` if an
 * answer is not a hub's; and as `hubFetch` does.
 */
export async function listSnapshot(
  repository: HubRepository,
  {
    endpoint,
    hubFetch,
    models,
    ...bounds
  }: { endpoint: string; hubFetch: HubFetch } & NeededParts & AnswerBounds,
): Promise<HubSnapshot> {
  const { listFiles, modelInfo } = await import("@huggingface/hub");
  const { name, revision } = repository;
  const bounded = boundAnswers(hubFetch, bounds);
  const hub = { hubUrl: endpoint, fetch: bounded as typeof fetch }; // the client passes addresses as text
  try {
    const info = await modelInfo({ name, revision, additionalFields: ["sha"], ...hub });
    const { sha: commit } = infoSchema.parse(info);
    const listed = new Map<string, ListFileEntry>();
    const repo = { type: "model", name } as const;
    for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...hub })) {
      const { type, path } = entrySchema.parse(entry);
      if (type === "file") listed.set(path, entry);
      if (listed.size > MOST_FILES) throw invalidAnswer(endpoint, `it lists more than ${MOST_FILES} files`);
    }
    const needed = selectNeededFiles([...listed.keys()], { models });
    await requireComplete(repository, needed, { models });
    return { commit, files: needed.map((path) => readFile(path, listed.get(path), endpoint)) };
  } catch (error) {
    throw explain(error, endpoint);
  }
}

/** What the hub lists of a file that is needed. */
function readFile(path: string, entry: unknown, endpoint: string): HubFile {
  const { success, data, error } = fileSchema.safeParse(entry);
  if (!success) throw invalidAnswer(endpoint, `${path}: ${describeIssues(error)}`);
  const { oid, size } = data.lfs ?? data;
  return { path, size, checksum: oid };
}

async function requireComplete(
  repository: HubRepository,
  needed: readonly string[],
  parts: NeededParts,
): Promise<void> {
  // Which shards an index names is known when it is there; opening the checkpoint finds one that is not.
  const missing = await listMissingFiles(needed, () => Promise.resolve([]), parts);
  if (missing.length === 0) return;
  const name = formatRepository(repository);
  throw new FluxRuntimeError(
    "checkpoint-not-found",
    `${name} is not a checkpoint of FLUX.2 Klein in the Diffusers layout: it has no ${missing.join(", no ")}. Give a repository that has them.`,
    { repository: name, missing },
  );
}

/** What an answer of another form than the hub's makes the client or a schema throw, in words. */
function explain(error: unknown, endpoint: string): unknown {
  if (error instanceof z.ZodError) return invalidAnswer(endpoint, describeIssues(error));
  const isMalformed = error instanceof TypeError || error instanceof SyntaxError;
  return isMalformed ? invalidAnswer(endpoint, error.message) : error;
}

function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${message} (${path.join(".") || "the answer"})`).join("; ");
}
