import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fillOnce } from "./fill-once.ts";

describe("fillOnce(folder, fill)", () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "fill-once-"));
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
  });

  test("of several at the same time one is kept whole, and nothing else is left", async () => {
    const folder = join(cache, "browser");
    let begun = 0;
    const fill = async (into: string): Promise<void> => {
      begun += 1;
      while (begun < 2) await setImmediate();
      await writeFile(join(into, "program"), "whole");
    };
    await Promise.all([fillOnce(folder, fill), fillOnce(folder, fill)]);
    expect(readFileSync(join(folder, "program"), "utf8")).toBe("whole");
    expect(readdirSync(cache)).toEqual(["browser"]);
    await fillOnce(folder, () => Promise.reject(new Error("filled again")));
  });

  test("a failure leaves nothing, and is tried again the next time", async () => {
    const folder = join(cache, "browser");
    await expect(fillOnce(folder, () => Promise.reject(new Error("no space")))).rejects.toThrow("no space");
    expect(readdirSync(cache)).toEqual([]);
    await fillOnce(folder, (into) => writeFile(join(into, "program"), "whole"));
    expect(readdirSync(folder)).toEqual(["program"]);
  });
});
