import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { tinyDesign } from "../../test/crossed-set.ts";
import { problemsOf } from "../../test/problems-of.ts";
import { definePromptSet } from "../define-prompt-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";

describe("a crossed set with a template is refused for", () => {
  test.each([
    [
      "a factor that does not occur in it",
      { template: "an object {size} wide" },
      {
        code: "invalid-template",
        path: "template",
        what: 'the factor "object" does not occur in the template',
        expected: "the placeholders {object}, {size}",
        received: "{size}",
        advice: "Put {object} where the text of its level belongs.",
      },
    ],
    [
      "a placeholder that is no factor's name",
      { template: "a {object} {size} wide, {colour}" },
      {
        code: "invalid-template",
        path: "template",
        what: "the placeholder {colour} is the name of no factor",
        advice: "Remove it, or add the factor.",
      },
    ],
    [
      "a template for each side",
      { template: { a: "a {object} {size} wide", b: "{object} {size}" } },
      { code: "invalid-value", path: "template", received: "an object { a, b }" },
    ],
    [
      "pairs of its own",
      { pairs: [] },
      { code: "invalid-value", path: "pairs", expected: "no pairs: the template and the factors make them" },
    ],
    ["rows of its own", { rows: [] }, { code: "unknown-key", path: "rows" }],
    ["no factors", { factors: undefined }, { code: "missing-key", path: "factors" }],
  ])("%s", (_, members, problem) => {
    const text = JSON.stringify({ ...tinyDesign(), ...members });
    expect(problemsOf(() => parsePromptSet(text))).toMatchObject([{ ...problem, line: 1 }]);
  });

  test("a slip in a placeholder, naming the factor that is meant", () => {
    const text = stringify({ ...tinyDesign(), template: "a {objekt} {size} wide" });
    expect(problemsOf(() => parsePromptSet(text, { format: "yaml" }))).toMatchObject([
      { path: "template", line: 7, column: 1, advice: "Did you mean {object}?" },
      { path: "template", what: 'the factor "object" does not occur in the template' },
    ]);
  });

  test("a level without a text", () => {
    const design = tinyDesign();
    delete design.factors[0]?.levels[1]?.["text"];
    expect(problemsOf(() => parsePromptSet(JSON.stringify(design)))).toMatchObject([
      {
        code: "missing-key",
        path: "factors[0].levels[1].text",
        expected: "what stands for the factor in the template",
      },
    ]);
  });

  test("more pairs than a set may have, without making them", () => {
    const design = tinyDesign();
    const levels = Array.from({ length: 1_000 }, (_, id) => ({ id: `${id}`, text: `${id}` }));
    const names = ["b", "c", "d", "e", "f", "g"];
    design.factors.push(...names.map((name) => ({ name, levels })));
    const template = `{object} {size} ${names.map((name) => `{${name}}`).join(" ")}`;
    expect(problemsOf(() => parsePromptSet(JSON.stringify({ ...design, template })))).toMatchObject([
      { code: "too-large", path: "factors", expected: "at most 10000 pairs" },
    ]);
  });
});

test("YAML and code take the template as JSON does", () => {
  const set = parsePromptSet(JSON.stringify(tinyDesign()));
  expect(parsePromptSet(stringify(tinyDesign()), { format: "yaml" })).toEqual(set);
  const factors = tinyDesign().factors.map(({ name, levels }) => ({
    name,
    levels: levels.map(({ id, text, grade }) => ({
      id: String(id),
      text: String(text),
      ...(typeof grade === "number" && { grade }),
    })),
  }));
  const { labels, ...head } = set;
  expect(
    definePromptSet({
      name: head.name,
      version: head.version,
      title: head.title,
      labels,
      template: "a {object} {size} wide",
      factors,
    }),
  ).toEqual(set);
});

test("a CSV cannot be a crossed set, and says where one can", () => {
  const head = "# name: x\n# version: '1'\n# title: t\n# labels: { a: x, b: y }\n";
  const problems = problemsOf(() =>
    parsePromptSet(`${head}# template: a {size}\n# factors: []\nid,a,b\n1,p,q\n2,p,q`, { format: "csv" }),
  );
  expect(problems).toMatchObject([
    { code: "unknown-key", path: "template", line: 5, advice: "Write a crossed set as JSON or YAML." },
    { code: "unknown-key", path: "factors", line: 6, advice: "Write a crossed set as JSON or YAML." },
  ]);
});
