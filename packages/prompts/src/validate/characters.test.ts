import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemsOf } from "../../test/problems-of.ts";
import { tinyReference, tinySet } from "../../test/tiny-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { escapeRefused, LINES, ONE_LINE } from "./characters.ts";
import { toPromptSetJsonSchema } from "./prompt-set-schema.ts";

/** A set with a text at one place, and the path of that place. */
const places: readonly [path: string, kind: RegExp, put: (text: string) => object][] = [
  ["$schema", ONE_LINE, (text) => ({ $schema: text })],
  ["name", ONE_LINE, (text) => ({ name: text })],
  ["version", ONE_LINE, (text) => ({ version: text })],
  ["title", ONE_LINE, (text) => ({ title: text })],
  ["labels.a", ONE_LINE, (text) => ({ labels: { a: text, b: "large" } })],
  ["labels.b", ONE_LINE, (text) => ({ labels: { a: "small", b: text } })],
  ["reference.prompt", LINES, (text) => ({ reference: { ...tinyReference, prompt: text } })],
  ["reference[0].prompt", LINES, (text) => ({ reference: [{ ...tinyReference, prompt: text }] })],
  ["pairs[0].id", ONE_LINE, (text) => withPair({ id: text })],
  ["pairs[0].a", LINES, (text) => withPair({ a: text })],
  ["pairs[0].b.prompt", LINES, (text) => withPair({ b: { prompt: text, images: ["x.png"] } })],
  ["pairs[0].b.images[0]", ONE_LINE, (text) => withPair({ b: { prompt: "x", images: [text] } })],
  ["pairs[0].meta.note", LINES, (text) => withPair({ meta: { note: text } })],
  ["pairs[0].meta.list[0].deep", LINES, (text) => withPair({ meta: { list: [{ deep: text }] } })],
];

function withPair(members: object): object {
  const { pairs } = tinySet();
  return { pairs: [{ ...pairs[0], ...members }, pairs[1]] };
}

const read = (members: object): unknown => parsePromptSet(JSON.stringify({ ...tinySet(), ...members }));

/** What no writer of results can write, or would write so that a reader or a terminal obeys it. */
const refused = Array.from(
  "\0\u0001\u0007\b\v\f\r\u001b\u001f\u007f\u0080\u0085\u009b\u009f\u202a\u202d\u202e\u2066\u2069\ufffe\uffff",
).concat("\ud800", "\udbff", "\udc00", "\udfff");
const edges = Array.from("\n\t\u2028\u2029é日👩\u200f\u{1fffe}\u{10ffff}\ufdd0\ufffd ");

describe("a text of a prompt set", () => {
  test.each(places)(
    "%s may not contain a control, a change of direction or half a character",
    (path, _, put) => {
      for (const character of refused)
        expect(problemsOf(() => read(put(`ab${character}c`)))).toMatchObject([
          {
            code: "invalid-character",
            path,
            received: `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")} (character 3)`,
          },
        ]);
    },
  );

  test.each(places)("%s has line breaks and tabs only if it is a prompt or in meta", (path, kind, put) => {
    for (const character of "\n\t") {
      const set = put(`ab${character}c`);
      if (kind === LINES) expect(read(set)).toMatchObject(set);
      else expect(problemsOf(() => read(set))).toMatchObject([{ code: "invalid-character", path }]);
    }
  });

  test.each(places)("%s may be in any script", (_, __, put) => {
    const set = put("é 日本 كائن \u200f\u200e\u061c👩‍🔬 \u00a0\u00ad\u200b\u2028\ufeff\ufdd0\u{1fffe}\ufffd");
    expect(read(set)).toMatchObject(set);
  });

  test("a key of meta is one line", () => {
    for (const character of [...refused, "\n", "\t"])
      expect(problemsOf(() => read(withPair({ meta: { list: [{ [`k${character}`]: 1 }] } })))).toMatchObject([
        {
          code: "invalid-character",
          received: expect.stringMatching(/^U\+[\dA-F]{4} \(character 2\)$/) as string,
        },
      ]);
  });

  test.each([
    [
      "json",
      '{"name": "x\\u001b", "version": "1", "title": "t", "labels": {"a": "x", "b": "y"}, "pairs": []}',
    ],
    ["yaml", 'name: "x\\e"\nversion: "1"\ntitle: t\nlabels: { a: x, b: y }\npairs: []'],
    ["csv", "# name: \"x\\e\"\n# version: '1'\n# title: t\n# labels: { a: x, b: y }\nid,a,b\n1,p,q\n2,p,q"],
  ] as const)("is refused in %s with its place", (format, text) => {
    const problems = problemsOf(() => parsePromptSet(text, { format }));
    expect(problems[0]).toMatchObject({ code: "invalid-character", path: "name", line: 1 });
  });
});

test("the message of an error has no character that a terminal obeys, whatever the text or its file is called", () => {
  const text = JSON.stringify({ ...tinySet(), "\u009b2J": 1, "\u202e": { "\u001b[2J": 1 } });
  expect(() => parsePromptSet(text, { source: "\u001b]0;x\u0007.json" })).toThrow(
    /^\\u001b\]0;x\\u0007\.json: 2 problems\n[\n\x20-\x7e]+$/,
  );
});

test("the published JSON Schema accepts a text exactly where the readers do, with the u flag and without", () => {
  const schema = toPromptSetJsonSchema();
  const validators = [true, false].map((unicodeRegExp) =>
    new Ajv({ strict: false, unicodeRegExp }).compile(schema),
  );
  const unit = fc.constantFrom(...refused, ...edges);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.string({ unit, maxLength: 4 }), ([, , put], text) => {
      const set = { ...tinySet(), ...put(`x${text}`) };
      const isRead = !throws(() => parsePromptSet(JSON.stringify(set)));
      expect(validators.map((isValid) => isValid(set))).toEqual([isRead, isRead]);
    }),
    { numRuns: 200 },
  );
});

test("escapeRefused(text) leaves text as it is and gives JSON back as the same document", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...refused, ...edges) }), (text) => {
      const escaped = escapeRefused(JSON.stringify(text));
      expect(LINES.test(escaped)).toBe(true);
      expect(JSON.parse(escaped)).toBe(text);
      if (LINES.test(text)) expect(escapeRefused(text)).toBe(text);
    }),
  );
});

function throws(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}
