import { z } from "zod";
import type { MatchedControl, PromptPair, PromptSet, PromptSide, Reference } from "../prompt-set.ts";
import { describePattern, LINES, ONE_LINE } from "./characters.ts";
import {
  MAX_CONTROLS,
  MAX_IMAGES,
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

const imagePrompt = z.strictObject(
  {
    prompt,
    images: z
      .array(imageFile, { error: "a list of image files" })
      .min(1, "at least one image file; a side without images is a plain string")
      .max(MAX_IMAGES, `at most ${MAX_IMAGES} images`)
      .describe("Image files, relative to this file."),
  },
  { error: "an object { prompt, images }" },
);

const side: z.ZodType<PromptSide> = z.union([prompt, imagePrompt], {
  error: "a prompt (a string) or an object { prompt, images }",
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

const labels = z.strictObject(
  { a: name("a label"), b: name("a label") },
  { error: "an object { a, b } of two labels" },
);

const set = z.strictObject(
  {
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
    pairs: z
      .array(pair, { error: "a list of pairs" })
      .min(2, "at least two pairs")
      .max(MAX_PAIRS, `at most ${MAX_PAIRS} pairs`)
      .describe("At least two pairs with unique ids."),
  },
  {
    error:
      "a prompt set: an object { name, version, title, labels, pairs }, optionally with reference and controls",
  },
);

/** The prompt set as a zod schema; what it cannot say, unique ids, is left to `validatePromptSet`. */
export const promptSetSchema: z.ZodType<PromptSet> = set;

/** The keys that the object at a path of the document may have; none for a path where no object belongs. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [first, second, third] = path;
  if (first === undefined) return Object.keys(set.shape);
  if (first === "labels") return Object.keys(labels.shape);
  if (first === "reference") return Object.keys(reference.shape);
  if (first === "controls") return second === undefined ? [] : Object.keys(matchedControl.shape);
  if (first === "pairs" && third === undefined) return second === undefined ? [] : Object.keys(pair.shape);
  return first === "pairs" && (third === "a" || third === "b") ? Object.keys(imagePrompt.shape) : [];
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

/** The published JSON Schema, generated; `schema/prompt-set.schema.json` is its text. */
export function toPromptSetJsonSchema(): object {
  const override: NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"] = ({
    zodSchema,
    jsonSchema,
  }) => {
    if (zodSchema === meta) Object.assign(jsonSchema, META);
  };
  return {
    ...z.toJSONSchema(set, { target: "draft-7", io: "input", override }),
    definitions: { recorded: RECORDED },
    title: "Prompt set",
    description: "Pairs of prompts that differ in one thing, for a paired probe of a text-to-image model.",
  };
}
