import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPage, repository } from "./pages.ts";

test.each(readdirSync(join(repository, "packages")))(
  "the README of %s names everything that the package exports",
  async (name) => {
    const exported = Object.keys((await import(`@measure-plantain/${name}`)) as object); // a module
    const { markdown } = readPage(`packages/${name}/README.md`);
    expect(exported.filter((symbol) => !new RegExp(`\`${symbol}\\b`).test(markdown))).toEqual([]);
  },
);
