/**
 * One condition of a pair: a prompt, or an object with image files that condition it, with its levels in a crossed set,
 * or with both.
 *
 * Sets that {@link readPromptSet} returns hold absolute image paths; everywhere else they are as written.
 */
export type PromptSide =
  | string
  | {
      readonly prompt: string;
      readonly images?: readonly string[];
      /** The id of a level for each factor of the set, by the factor's name. */
      readonly levels?: Readonly<Record<string, string>>;
    };

/** One value of a factor. */
export interface FactorLevel {
  /** Unique in its factor, without white space. */
  readonly id: string;
  /** What stands for the factor in a template. */
  readonly text?: string;
  /** The level's place on a graded factor, such as log10 of metres. */
  readonly grade?: number;
}

/** What the cells of a crossed set vary in: such as the object, or its claimed size. */
export interface Factor {
  /** A word that is unique in the set; in braces, its placeholder in a template. */
  readonly name: string;
  /** At least two. */
  readonly levels: readonly FactorLevel[];
}

/** The fixed image that conditions every pass, as a recipe: what to render, and how. */
export interface Reference {
  /** What to render. */
  readonly prompt: string;
  /** Seed of the initial noise, 0 to 2^53 − 1. */
  readonly seed: number;
  /** Denoising steps. */
  readonly steps: number;
  /** Guidance scale. */
  readonly guidance: number;
  /** Pixels, a multiple of 16. */
  readonly width: number;
  /** Pixels, a multiple of 16. */
  readonly height: number;
}

/** Two sides that ought to differ in one thing only. The contrast is always b − a. */
export interface PromptPair {
  /** Unique in the set. */
  readonly id: string;
  /** The first condition, subtracted in the contrast. */
  readonly a: PromptSide;
  /** The second condition, from which the first is subtracted. */
  readonly b: PromptSide;
  /** Orders the pairs of a graded set. */
  readonly grade?: number;
  /** Whatever the author records about the pair; never interpreted by this package. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** A prompt set that is run as a control of another one. */
export interface MatchedControl {
  /** The control set's name. */
  readonly set: string;
  /** How the two sides of its pairs differ, to stand after "pairs that differ": "in wording alone". */
  readonly differs: string;
  /** The other explanation of a response that it tests, to stand after "that": "the wording alone moves these units". */
  readonly rulesOut: string;
}

/** A named, versioned list of at least two pairs: the JSON file as it stands. */
export interface PromptSet {
  /** Where an editor finds the JSON Schema; ignored here. */
  readonly $schema?: string;
  /** What results are called after. */
  readonly name: string;
  /** To be raised when a prompt changes: results of two versions are not comparable. */
  readonly version: string;
  /** One line for people. */
  readonly title: string;
  /** What the two conditions are called in tables and figures. */
  readonly labels: { readonly a: string; readonly b: string };
  /** None, one, or several fixed images. */
  readonly reference?: Reference | readonly Reference[];
  /** The sets that a run of this one is to be compared with, and what each of them is for. */
  readonly controls?: readonly MatchedControl[];
  /**
   * What a crossed set crosses. Exactly one factor is graded: the sides of a pair differ in it alone, and every
   * combination of levels is a side of some pair.
   */
  readonly factors?: readonly Factor[];
  /** At least two. */
  readonly pairs: readonly PromptPair[];
}

/**
 * The text of a side in either form.
 *
 * @example
 * promptText("a grey object"); // "a grey object"
 * promptText({ prompt: "a grey object", images: ["room.png"] }); // "a grey object"
 */
export function promptText(side: PromptSide): string {
  return typeof side === "string" ? side : side.prompt;
}

/**
 * The image files of a side, an empty list if it has none.
 *
 * @example
 * promptImages({ prompt: "a grey object", images: ["room.png"] }); // ["room.png"]
 */
export function promptImages(side: PromptSide): readonly string[] {
  return typeof side === "string" ? [] : (side.images ?? []);
}

/**
 * The level ids of a side by the names of their factors, an empty object if its set is not crossed.
 *
 * @example
 * sideLevels({ prompt: "a grey cube 1 m wide", levels: { object: "cube", size: "1-m" } }); // { object: "cube", size: "1-m" }
 */
export function sideLevels(side: PromptSide): Readonly<Record<string, string>> {
  return typeof side === "string" ? {} : (side.levels ?? {});
}

/** A side as it stands in a set that is not crossed. */
export function withoutLevels(side: PromptSide): PromptSide {
  if (typeof side === "string" || side.levels === undefined) return side;
  const { prompt, images } = side;
  return images === undefined ? prompt : { prompt, images };
}

/**
 * The references of a set as a list: empty, one, or several.
 *
 * @example
 * listReferences(await loadPromptSet("measure")).length; // 1
 */
export function listReferences(set: PromptSet): readonly Reference[] {
  const { reference } = set;
  if (reference === undefined) return [];
  return isList(reference) ? reference : [reference];
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(reference: Reference | readonly Reference[]): reference is readonly Reference[] {
  return Array.isArray(reference);
}
