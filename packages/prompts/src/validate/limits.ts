/** Prompt-set files come from other people: a limit each, so that none of them can exhaust memory or a run. */

/** Bytes of a file. The largest set that the other limits leave useful, with room for `meta`. */
export const MAX_FILE_BYTES: number = 8 * 1024 * 1024;

/** Brackets inside brackets. A set needs six; `meta` may add its own; recursion over the document stays shallow. */
export const MAX_NESTING = 64;

/** Pairs of a set. Each costs two passes of a model, so more than this is a mistake in a generated file. */
export const MAX_PAIRS = 10_000;

/** Characters of a prompt. The text encoder sees 512 tokens; no language needs 16 characters for each. */
export const MAX_PROMPT_CHARACTERS = 8_192;

/** Characters of a name, version, title, label, id or path: they become columns of tables and parts of file names. */
export const MAX_NAME_CHARACTERS = 1_024;

/** Images of one side. Each adds a whole image of tokens to the attention, whose cost is quadratic. */
export const MAX_IMAGES = 16;

/** Factors of a crossed set. Two levels each of more than these make more than {@link MAX_PAIRS} pairs. */
export const MAX_FACTORS = 14;

/** Levels of a factor. Each is a side of another pair. */
export const MAX_LEVELS = 10_000;

/** References of a set. Each is rendered in full and multiplies the number of passes. */
export const MAX_REFERENCES = 1_000;

/** Controls of a set. Each is a probe as long as the run. */
export const MAX_CONTROLS = 100;

/** Pixels of a reference's side. Far beyond what these models render; memory grows with its square. */
export const MAX_PIXELS = 8_192;

/** Steps of a reference. The training schedule of flow matching has no more. */
export const MAX_STEPS = 1_000;
