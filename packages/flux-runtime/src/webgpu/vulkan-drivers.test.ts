import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findSoftwareDriver, hasVulkanDriver } from "./vulkan-drivers.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vulkan-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("hasVulkanDriver(environment)", () => {
  const empty = (): Record<string, string> => ({
    HOME: folder,
    XDG_CONFIG_DIRS: join(folder, "none"),
    XDG_DATA_DIRS: join(folder, "none"),
  });

  it.each(["HOME", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS"])(
    "finds one that is registered below %s",
    async (variable) => {
      const below = variable === "HOME" ? join(folder, ".local", "share") : join(folder, "own");
      const environment = { ...empty(), ...(variable !== "HOME" && { [variable]: `/nowhere:${below}` }) };
      const before = await hasVulkanDriver(environment);
      mkdirSync(join(below, "vulkan", "icd.d"), { recursive: true });
      expect(await hasVulkanDriver(environment)).toBe(before); // a folder is no driver
      writeFileSync(join(below, "vulkan", "icd.d", "card_icd.json"), "{}");
      expect(await hasVulkanDriver(environment)).toBe(true);
    },
  );

  it("takes the word of a variable that names one", async () => {
    expect(await hasVulkanDriver({ ...empty(), VK_ICD_FILENAMES: "/some/icd.json" })).toBe(true);
  });
});

describe.runIf(process.platform === "linux")("findSoftwareDriver(pid)", () => {
  it("says so of a process that has no card open, and nothing of one that is gone", async () => {
    expect(await findSoftwareDriver(process.pid)).toBe("a driver without a card");
    const child = spawn(process.execPath, ["--version"]);
    await new Promise((resolve) => child.once("close", resolve));
    expect(await findSoftwareDriver(child.pid ?? 0)).toBe(undefined);
  });
});
