/** A model repository of a hub at one of its revisions. */
export interface HubRepository {
  /** OWNER/NAME. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** The branch that is meant where none is named. */
const DEFAULT_REVISION = "main";

/** Reads `OWNER/NAME` or `OWNER/NAME@REVISION`; null where the text is something else. */
export function parseRepository(text: string): HubRepository | null {
  const match = /^(?<name>\w[\w.-]*\/\w[\w.-]*)(?:@(?<revision>\w[\w.-]*(?:\/\w[\w.-]*)*))?$/.exec(text);
  const { name, revision = DEFAULT_REVISION } = match?.groups ?? {};
  // Both become parts of a path.
  return name === undefined || text.includes("..") ? null : { name, revision };
}

/** Whether a revision is a commit, whose content never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** `OWNER/NAME`, with the revision where it is not the default. */
export function formatRepository({ name, revision }: HubRepository): string {
  return revision === DEFAULT_REVISION ? name : `${name}@${revision}`;
}
