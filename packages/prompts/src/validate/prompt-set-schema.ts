import { z } from "zod";
import type { CrossedDesign } from "../crossed/expand-design.ts";
import type {
  Factor,
  FactorLevel,
  MatchedControl,
  PromptPair,
  PromptSet,
  PromptSide,
  Reference,
} from "../prompt-set.ts";
import { describePattern, LINES, ONE_LINE } from "./characters.ts";
import {
  MAX_CONTROLS,
  MAX_FACTORS,
  MAX_IMAGES,
  MAX_LEVELS,
  MAX_NAME_CHARACTERS,
  MAX_PAIRS,
  MAX_PIXELS,
  MAX_PROMPT_CHARACTERS,
  MAX_REFERENCES,
  MAX_STEPS,
} from "./limits.ts";

// Every `error` below completes the sentence "Expected …": explain-issues.ts builds the messages from them.

function text(expected: string, maximum: number, characters: RegExp): z.ZodString {
  return z
    .string({ error: expected })
    .regex(/\S/, expected)
    .max(maximum, `at most ${maximum} characters`)
    .regex(characters, describePattern(characters));
}

function wholeNumber(minimum: number, maximum: number): z.ZodInt {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return z.int({ error: expected }).min(minimum, expected).max(maximum, expected);
}

const name = (what: string): z.ZodString =>
  text(`${what}, a string with a visible character`, MAX_NAME_CHARACTERS, ONE_LINE);
const prompt = text("a prompt, a string with a visible character", MAX_PROMPT_CHARACTERS, LINES);
const pixels = wholeNumber(16, MAX_PIXELS).multipleOf(16, `a multiple of 16 (pixels), at most ${MAX_PIXELS}`);

const imageFile = name("an image file").regex(
  /^(?![A-Za-z][A-Za-z0-9+.-]+:\/\/)/,
  "a path of an image file (addresses are not fetched)",
);

function word(expected: string, pattern: RegExp): z.ZodString {
  return z
    .string({ error: expected })
    .regex(pattern, expected)
    .max(MAX_NAME_CHARACTERS, `at most ${MAX_NAME_CHARACTERS} characters`)
    .regex(ONE_LINE, describePattern(ONE_LINE));
}

// So that it can stand in braces in a template. Zod would lose the key __proto__ of a side's levels.
const factorName = word("a factor's name: letters from a to z, digits and _", /^(?!__proto__$)\w+$/);
// Ids of pairs are made of these, with spaces between them.
const levelId = word("a level's id, a string without white space", /^\S+$/);

const SIDE_OBJECT = "an object { prompt, images }, or { prompt, levels } in a crossed set";

const sideObject = z
  .strictObject(
    {
      prompt,
      images: z
        .array(imageFile, { error: "a list of image files" })
        .min(1, "at least one image file; leave the key out if there is none")
        .max(MAX_IMAGES, `at most ${MAX_IMAGES} images`)
        .exactOptional()
        .describe("Image files, relative to this file."),
      levels: z
        .record(z.string(), levelId, { error: "an object with a level's id for each factor" })
        .exactOptional()
        .describe("In a crossed set: the id of a level for each factor, by the factor's name."),
    },
    { error: SIDE_OBJECT },
  )
  .refine(({ images, levels }) => images !== undefined || levels !== undefined, {
    error: `${SIDE_OBJECT}; a side that is a prompt alone is a plain string`,
  });

const side: z.ZodType<PromptSide> = z.union([prompt, sideObject], {
  error: `a prompt (a string) or ${SIDE_OBJECT}`,
});

const reference = z.strictObject(
  {
    prompt,
    seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    steps: wholeNumber(1, MAX_STEPS),
    guidance: z.number({ error: "a number, 0 or more" }).min(0, "a number, 0 or more"),
    width: pixels,
    height: pixels,
  },
  { error: "an object { prompt, seed, steps, guidance, width, height }" },
) satisfies z.ZodType<Reference>;

const references = z
  .array(reference, { error: "a list of references" })
  .min(1, "at least one reference; leave the key out where there is none")
  .max(MAX_REFERENCES, `at most ${MAX_REFERENCES} references`);

/** Its values are left to `copyMeta`; {@link META} says the same in JSON Schema. */
const meta = z
  .record(z.string(), z.unknown(), { error: "an object" })
  .describe("Whatever the author records about the pair.");

const pair = z.strictObject(
  {
    id: name("an id").describe("Unique in the set."),
    a: side.describe("The first condition."),
    b: side.describe("The second condition; the contrast is always b − a."),
    grade: z
      .number({ error: "a finite number" })
      .exactOptional()
      .describe("Orders the pairs of a graded set."),
    meta: meta.exactOptional(),
  },
  { error: "an object { id, a, b }, optionally with grade and meta" },
) satisfies z.ZodType<PromptPair>;

const clause = (what: string): z.ZodString => text(what, MAX_NAME_CHARACTERS, ONE_LINE);

const matchedControl = z.strictObject(
  {
    set: name("the name of a prompt set").describe("The control set's name."),
    differs: clause('how the control\'s sides differ, as "in wording alone"').describe(
      'How the two sides of its pairs differ, to stand after "pairs that differ".',
    ),
    rulesOut: clause('the explanation that it tests, as "the wording alone moves these units"').describe(
      'The other explanation of a response that it tests, to stand after "that".',
    ),
  },
  { error: "an object { set, differs, rulesOut }" },
) satisfies z.ZodType<MatchedControl>;

const level = z.strictObject(
  {
    id: levelId.describe("Unique in the factor, without white space."),
    text: prompt.exactOptional().describe("What stands for the factor in the template."),
    grade: z
      .number({ error: "a finite number" })
      .exactOptional()
      .describe("The level's place on the graded factor, such as log10 of metres."),
  },
  { error: "an object { id }, optionally with text and grade" },
) satisfies z.ZodType<FactorLevel>;

const wordedLevel = z.strictObject(
  { ...level.shape, text: text("what stands for the factor in the template", MAX_PROMPT_CHARACTERS, LINES) },
  { error: "an object { id, text }, optionally with grade" },
);

function listFactors<Level extends z.ZodType<FactorLevel>>(
  level: Level,
): z.ZodArray<z.ZodObject<{ name: z.ZodString; levels: z.ZodArray<Level> }, z.core.$strict>> {
  const factor = z.strictObject(
    {
      name: factorName.describe("Unique in the set; in braces, the factor's placeholder in the template."),
      levels: z
        .array(level, { error: "a list of levels" })
        .min(2, "at least two levels")
        .max(MAX_LEVELS, `at most ${MAX_LEVELS} levels`)
        .describe("At least two levels, graded in exactly one factor: pairs differ in it alone."),
    },
    { error: "an object { name, levels }" },
  );
  return z
    .array(factor satisfies z.ZodType<Factor>, { error: "a list of factors" })
    .min(2, "at least two factors")
    .max(MAX_FACTORS, `at most ${MAX_FACTORS} factors`)
    .describe("What a crossed set crosses; exactly one factor is graded.");
}

const factors = listFactors(level);

const labels = z.strictObject(
  { a: name("a label"), b: name("a label") },
  { error: "an object { a, b } of two labels" },
);

const head = {
  $schema: z
    .string({ error: "a string" })
    .regex(ONE_LINE, describePattern(ONE_LINE))
    .exactOptional()
    .describe("Where an editor finds this schema."),
  name: name("a name"),
  version: name("a version").describe(
    "Raise it when a prompt changes: results of two versions are not comparable.",
  ),
  title: name("a title"),
  labels: labels.describe("What the two conditions are called in tables and figures."),
  reference: z
    .union([reference, references], { error: "a reference (an object) or a list of references" })
    .exactOptional()
    .describe("The fixed image that conditions every pass: none, one, or several."),
  controls: z
    .array(matchedControl, { error: "a list of controls" })
    .max(MAX_CONTROLS, `at most ${MAX_CONTROLS} controls`)
    .exactOptional()
    .describe("The sets that a run of this one is to be compared with, and what each of them is for."),
};

const pairs = z
  .array(pair, { error: "a list of pairs, or a template with factors" })
  .min(2, "at least two pairs")
  .max(MAX_PAIRS, `at most ${MAX_PAIRS} pairs`)
  .describe("At least two pairs with unique ids.");

const template = text("a text with each factor's name in braces", MAX_PROMPT_CHARACTERS, LINES).describe(
  'In place of pairs: a prompt with each factor\'s name in braces, as "a {size} {object}".',
);

const set = z.strictObject(
  { ...head, factors: factors.exactOptional(), pairs },
  {
    error:
      "a prompt set: an object { name, version, title, labels, pairs }, optionally with reference, controls and factors",
  },
);

const design = z.strictObject({
  ...head,
  template,
  factors: listFactors(wordedLevel),
  pairs: z.never({ error: "no pairs: the template and the factors make them" }).exactOptional(),
});

/** The prompt set as a zod schema; what it cannot say is left to `validatePromptSet`. */
export const promptSetSchema: z.ZodType<PromptSet> = set;

/** A crossed set that is still a template and its factors. */
export const crossedDesignSchema: z.ZodType<CrossedDesign> = design;

/** The keys that the object at a path of the document may have; none for a path where no object belongs. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [first, second, third, fourth] = path;
  if (first === undefined) return Object.keys(file.shape);
  if (first === "labels") return Object.keys(labels.shape);
  if (first === "reference") return Object.keys(reference.shape);
  if (second === undefined) return [];
  if (first === "controls") return Object.keys(matchedControl.shape);
  if (first === "factors") return third === undefined ? ["name", "levels"] : Object.keys(level.shape);
  if (first !== "pairs") return [];
  if (third === undefined) return Object.keys(pair.shape);
  return (third === "a" || third === "b") && fourth === undefined ? Object.keys(sideObject.shape) : [];
}

/** What `copyMeta` keeps of `meta`. */
const META = {
  propertyNames: { pattern: ONE_LINE.source },
  additionalProperties: { $ref: "#/definitions/recorded" },
};
const RECORDED = {
  anyOf: [
    { type: ["null", "boolean", "number"] },
    { type: "string", pattern: LINES.source },
    { type: "array", items: { $ref: "#/definitions/recorded" } },
    { type: "object", ...META },
  ],
};

/** Both forms of a file in one object, so that an editor knows every key; {@link FORMS} tells them apart. */
const file = z.strictObject({
  ...head,
  template: template.exactOptional(),
  factors: factors.exactOptional(),
  pairs: pairs.exactOptional(),
});
const FORMS = {
  if: { required: ["template"] },
  then: {
    required: ["factors"],
    properties: {
      pairs: false,
      factors: { items: { properties: { levels: { items: { required: ["text"] } } } } },
    },
  },
  else: { required: ["pairs"] },
};

/** What `refine` says of a side that is an object. */
const SIDE_FORMS = { anyOf: [{ required: ["images"] }, { required: ["levels"] }] };

/** The published JSON Schema, generated; `schema/prompt-set.schema.json` is its text. */
export function toPromptSetJsonSchema(): object {
  const override: NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"] = ({
    zodSchema,
    jsonSchema,
  }) => {
    if (zodSchema === meta) Object.assign(jsonSchema, META);
    if (zodSchema === sideObject) Object.assign(jsonSchema, SIDE_FORMS);
  };
  return {
    ...z.toJSONSchema(file, { target: "draft-7", io: "input", override }),
    ...FORMS,
    definitions: { recorded: RECORDED },
    title: "Prompt set",
    description: "Pairs of prompts that differ in one thing, for a paired probe of a text-to-image model.",
  };
}
