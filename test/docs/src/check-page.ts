import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBlock, type Printed } from "./check-block.ts";
import { compileExamples } from "./compile-examples.ts";
import { readCodeBlocks } from "./code-blocks.ts";
import { readPage } from "./pages.ts";
import { createPlace, type Place } from "./place.ts";

/** What a page needs beside the repository. */
export interface PageOptions {
  /** Folders that the page changes; see `createPlace`. */
  readonly copies?: readonly string[];
  /** Puts files into the place that the page takes for granted. */
  readonly prepare?: (place: Place) => Promise<void>;
}

/** Makes a test of each code block of some pages: in their order, in one place, each on what those before it left. */
export function checkPages(paths: readonly string[], { copies = [], prepare }: PageOptions = {}): void {
  let place: Place;

  beforeAll(async () => {
    place = await createPlace({ copies });
    await prepare?.(place);
  });

  afterAll(() => place.remove());

  const blocks = paths.flatMap((path) => readCodeBlocks(path, readPage(path).markdown));
  const printed: Printed = new Map();
  const examples = blocks.filter(({ language, attributes }) => language === "ts" && !attributes.has("file"));
  if (examples.length > 0) {
    test("the TypeScript examples compile", () => {
      expect(compileExamples(examples, place.folder)).toEqual([]);
    });
  }
  test.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    "%s holds as shown",
    async (_, block) => {
      await checkBlock(block, place, printed);
    },
    600_000, // a whole run takes 12 s on two idle cores, minutes on busy ones
  );
}
