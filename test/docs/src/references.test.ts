import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listExamplePages, listPages, repository } from "./pages.ts";
import { explainBroken, findReferences } from "./references.ts";

const page = (markdown: string, path = "docs/a.md") => ({ path, markdown });

describe("findReferences", () => {
  it("finds links, images and paths in inline code, with their lines", () => {
    const markdown = '[a](b.md#c) `docs/gpu.md`\n<img src="images/d.png"> ![e](../f.png) [g](#h)';
    expect(findReferences(page(markdown)).map(({ line, path, anchor }) => [line, path, anchor])).toEqual([
      [1, "docs/b.md", "c"],
      [1, "docs/gpu.md", null],
      [2, "f.png", null],
      [2, "docs/a.md", "h"],
      [2, "docs/images/d.png", null],
    ]);
  });

  it("reads paths in a package's page from the package", () => {
    const paths = findReferences(page("`src/x.ts` `docs/gpu.md`", "packages/prompts/README.md"));
    expect(paths.map(({ path }) => path)).toEqual(["packages/prompts/src/x.ts", "docs/gpu.md"]);
  });

  it("leaves addresses, code blocks, users' own paths and what is generated alone", () => {
    const markdown =
      "[a](https://b.c/d.md) `runs/a/report.html` `docs/api/` `a/b` `packages/NAME/a.md`\n```sh\ncat `docs/no.md`\n```\n";
    expect(findReferences(page(markdown))).toEqual([]);
  });
});

describe("explainBroken", () => {
  it("names the file or the heading that is not there", () => {
    const [heading, good, file] = findReferences(
      page("`docs/no.md` [a](gpu.md#no) [b](gpu.md#what-it-takes)"),
    );
    expect(file && explainBroken(file)).toBe("there is no docs/no.md");
    expect(heading && explainBroken(heading)).toBe("docs/gpu.md has no heading #no");
    expect(good && explainBroken(good)).toBeNull();
  });
});

describe("every page", () => {
  it.each([...listPages(), ...listExamplePages()])(
    "$path names only files and headings that there are",
    (each) => {
      const broken = findReferences(each).flatMap((reference) => {
        const why = explainBroken(reference);
        return why === null ? [] : [`${each.path}:${reference.line}: ${reference.text}: ${why}`];
      });
      expect(broken).toEqual([]);
    },
  );

  it("shows pictures of less than 150 kB", () => {
    for (const scheme of ["light", "dark"])
      expect(statSync(join(repository, `docs/images/report-${scheme}.png`)).size).toBeLessThan(150_000);
  });
});
