import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { FluxRuntimeError } from "../errors.ts";
import { openOrMakeCheckpoint } from "./open-or-make-checkpoint.ts";
import { writeCheckpointFolder } from "./write-checkpoint-folder.ts";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "open-or-make-"));
});
afterEach(() => rm(cache, { recursive: true }));

const make = async (folder: string): Promise<void> => {
  const { folder: original } = await openKleinTiny();
  await writeCheckpointFolder(folder, (aside) => cp(original, aside, { recursive: true }));
};

describe("openOrMakeCheckpoint(folder, make)", () => {
  it("makes it once", async () => {
    const folder = join(cache, "tiny");
    let made = 0;
    for (let time = 0; time < 2; time += 1) {
      const { transformer } = await openOrMakeCheckpoint(folder, (path) => {
        made += 1;
        return make(path);
      });
      expect(transformer.config.num_layers).toBe(5);
    }
    expect(made).toBe(1);
  });

  it("takes what another process has made meanwhile, and leaves nothing next to it", async () => {
    const folder = join(cache, "tiny");
    const opened = await Promise.all([1, 2, 3].map(() => openOrMakeCheckpoint(folder, make)));
    expect(opened.map((checkpoint) => checkpoint.folder)).toEqual([folder, folder, folder]);
    expect(await readdir(cache)).toEqual(["tiny"]);
  });

  it("passes any other failure on", async () => {
    const failure = new FluxRuntimeError("disk-full", "The disk is full.");
    await expect(openOrMakeCheckpoint(join(cache, "tiny"), () => Promise.reject(failure))).rejects.toBe(
      failure,
    );
  });
});
