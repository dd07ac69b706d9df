import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { repository } from "./pages.ts";

// The schema of the Citation File Format 1.2.0 as its authors publish it (tag 1.2.0, CC BY 4.0, doi 10.5281/zenodo.5171937).
const schemaPath = join(import.meta.dirname, "../fixtures/cff-1.2.0.schema.json");
const text = readFileSync(join(repository, "CITATION.cff"), "utf8");

function compileSchema(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(schemaPath, "utf8")) as object); // the fixture is one object
}

test("CITATION.cff fits the schema of the Citation File Format 1.2.0, which refuses what is none", () => {
  const validate = compileSchema();
  validate(parse(text));
  expect(validate.errors).toBeNull();
  validate(parse(text.replace("family-names: Gabeur", "surname: Gabeur")));
  expect(validate.errors).not.toBeNull();
});

test("CITATION.cff names the licence of the repository and the paper that the probe accompanies", () => {
  expect(parse(text)).toMatchObject({
    license: (JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { license: string })
      .license,
    references: [{ identifiers: [{ value: "arXiv:2604.20329" }], year: 2026 }],
  });
});
