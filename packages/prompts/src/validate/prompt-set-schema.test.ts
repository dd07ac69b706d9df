import { Ajv } from "ajv";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { tinyDesign } from "../../test/crossed-set.ts";
import { tinySet } from "../../test/tiny-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { toPromptSetJsonSchema } from "./prompt-set-schema.ts";

const published = fileURLToPath(new URL("../../schema/prompt-set.schema.json", import.meta.url));

test("the published JSON Schema is the one that the validating schema generates", async () => {
  const options = { ...(await resolveConfig(published)), parser: "json" };
  await expect(await format(JSON.stringify(toPromptSetJsonSchema()), options)).toMatchFileSnapshot(published);
});

const pairs = tinySet().pairs;
const crossed = parsePromptSet(JSON.stringify(tinyDesign()));
const [object, size] = tinyDesign().factors;

const cases: [string, object, boolean][] = [
  ["pairs", tinySet(), true],
  ["a template and factors", tinyDesign(), true],
  ["pairs of cells and factors", crossed, true],
  ["factors without texts, and pairs", { ...crossed, factors: withoutTexts() }, true],
  ["neither pairs nor a template", { ...tinySet(), pairs: undefined }, false],
  ["factors alone", { ...tinyDesign(), template: undefined }, false],
  ["a template alone", { ...tinyDesign(), factors: undefined }, false],
  ["a template, factors and pairs", { ...tinyDesign(), pairs }, false],
  ["a template and factors without texts", { ...tinyDesign(), factors: withoutTexts() }, false],
  ["a template and one factor", { ...tinyDesign(), factors: [size] }, false],
  ["a factor of one level", { ...tinyDesign(), factors: [size, { ...object, levels: [] }] }, false],
  ["a factor's name of two words", { ...crossed, factors: [size, { ...object, name: "the object" }] }, false],
  [
    "a side that is an object with a prompt alone",
    { ...tinySet(), pairs: [...pairs, { id: "x", a: { prompt: "p" }, b: "q" }] },
    false,
  ],
];

test.each(cases)("the published JSON Schema agrees with the readers on %s", (_, value, isValid) => {
  const set: unknown = JSON.parse(JSON.stringify(value));
  expect(new Ajv({ strict: false }).validate(toPromptSetJsonSchema(), set)).toBe(isValid);
  const read = (): unknown => parsePromptSet(JSON.stringify(value));
  if (isValid) expect(read).not.toThrow();
  else expect(read).toThrow();
});

function withoutTexts(): object[] {
  return tinyDesign().factors.map(({ name, levels }) => ({
    name,
    levels: levels.map(({ id, grade }) => ({ id, grade })),
  }));
}
