import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ProbeError } from "../probe-error.ts";
import { readWordCounts } from "./word-counts.ts";

const folder = mkdtempSync(join(tmpdir(), "word-counts-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("readWordCounts", () => {
  test.each([
    ["list.csv", 'word,count\nthe,1024\nI,512\n"grey",4\n'],
    ["excel.csv", "\ufeffrank,word,count\r\n1,the,1024\r\n\r\n2,I,512\r\n3, grey ,4.0\r\n"],
    ["quoted.CSV", 'note,word,count\n"two\nlines",the,1024\n,I,512\n,grey,4'],
    [
      "list.json",
      '[{"word":"the","count":1024},{"word":"I","count":512,"rank":2},{"word":"grey","count":4}]',
    ],
  ])("reads %s", async (name, content) => {
    const { record, wordClass } = await readWordCounts(write(name, content));
    expect(record).toEqual({
      file: name,
      sha256: createHash("sha256").update(content).digest("hex"),
      words: 3,
    });
    expect(["the", "i", "Grey", "micrometer"].map(wordClass)).toEqual([0, 1, 8, 9]);
  });

  test("adds the counts of spellings that differ in case alone", async () => {
    const { wordClass } = await readWordCounts(write("case.csv", "word,count\nthe,8\nGrey,1\ngrey,1\n"));
    expect(wordClass("grey")).toBe(2);
  });

  test.each([
    ["columns.csv", "Word;FREQcount\nthe;5\n", /columns\.csv: line 1: .*found Word;FREQcount\. Name them so/],
    ["blank.csv", "", /blank\.csv holds no words/],
    ["header.csv", "word,count\n", /header\.csv holds no words/],
    ["empty.json", "[]", /empty\.json holds no words/],
    ["twice.csv", 'word,count\n"a\nb",1\n\nthe,5\nthe,6\n', /line 6: "the" is there twice, first at line 5/],
    [
      "twice.json",
      '[{"word":"a","count":1},{"word":"a","count":1}]',
      /\[1\]: "a" is there twice, first at \[0\]/,
    ],
    [
      "negative.csv",
      "word,count\nthe,5\nI,-3\n",
      /line 3: the count of "I" is -3; expected one above 0\. Leave/,
    ],
    ["zero.json", '[{"word":"a","count":0}]', /\[0\]: the count of "a" is 0/],
    ["text.csv", 'word,count\nthe,"1,024"\n', /line 2: .* count of "the", found "1,024"\. Write it without/],
    ["lacking.csv", "word,count\nthe\n", /line 2: expected a number as the count of "the", found nothing/],
    ["infinite.csv", "word,count\nthe,Infinity\n", /line 2: expected a number/],
    ["text.json", '[{"word":"a","count":"5"}]', /\[0\]: expected a number as the count of "a", found "5"/],
    ["nameless.csv", "word,count\n ,5\n", /line 2: expected a word, found nothing/],
    ["nameless.json", '[["the",5]]', /\[0\]: expected a word, found nothing/],
    ["object.json", '{"the":5}', /object\.json: expected an array .*found one object/],
    ["cut.json", '[{"word":', /cut\.json is not valid JSON/],
    ["list.tsv", "word\tcount\n", /list\.tsv are neither \.csv nor \.json/],
    ["latin.csv", Uint8Array.of(0x77, 0xe9), /latin\.csv are not UTF-8/],
  ])("refuses %s", async (name, content, message) => {
    const failure = readWordCounts(write(name, content));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(ProbeError);
  });

  test("refuses a file that is not there, or is a folder", async () => {
    mkdirSync(join(folder, "folder.csv"));
    await expect(readWordCounts(join(folder, "none.csv"))).rejects.toThrow(/There is no file .*none\.csv/);
    await expect(readWordCounts(join(folder, "folder.csv"))).rejects.toThrow(/folder\.csv cannot be read/);
  });
});
