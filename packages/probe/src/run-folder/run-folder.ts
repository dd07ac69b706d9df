import {
  isFolderLock,
  isUnfinished,
  lockFolder,
  writeFileWhole,
  type FolderLock,
} from "@measure-plantain/flux-runtime";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { ProbeError } from "../probe-error.ts";
import { sha256 } from "../sha256.ts";
import { differingSettings, withPlainCheckpoint, type ProbeSettings } from "../settings/settings.ts";
import type { Manifest } from "./manifest.ts";

/** What a run goes on with, in addition to its settings. */
type BegunWith = Pick<Manifest, "wordCounts" | "plan">;

/** Where a run folder keeps its controls, each a run folder of its own. */
export const CONTROLS_FOLDER = "controls";

/** The folder of one run: where each file lies, how it is written, and that one process at a time writes into it. */
export class RunFolder {
  /** Absolute. */
  readonly path: string;
  private lock: FolderLock | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates the folder, or goes on in one that was begun with the same settings and plan and audited by the same list of
   * words; no other process writes into it until `close`.
   *
   * @throws {ProbeError} if the folder holds something else, or a run of other settings; nothing is changed then.
   * FluxRuntimeError `folder-in-use`.
   */
  static async openForRun(
    path: string,
    settings: ProbeSettings,
    begun: Pick<Manifest, "wordCounts" | "plan"> = {},
  ): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    await folder.requireRun(settings, begun); // first, so that nothing of somebody else's is touched
    await mkdir(folder.path, { recursive: true });
    await folder.acquire();
    try {
      await folder.requireRun(settings, begun); // again: another process may have begun a run meanwhile
      await mkdir(folder.file("passes"), { recursive: true });
      await mkdir(folder.file("cache"), { recursive: true });
      return folder;
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** Opens a folder to read it. @throws {ProbeError} if it holds no run. */
  static async openForReading(path: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    await folder.readManifest();
    return folder;
  }

  /** The path of a file of the folder. */
  file(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  /** Reads `manifest.json`. @throws {ProbeError} `not-a-run-folder`, `damaged-run-folder`. */
  async readManifest(): Promise<Manifest> {
    const text = await readFile(this.file("manifest.json"), "utf8").catch((cause: unknown) => {
      throw new ProbeError(
        "not-a-run-folder",
        `${this.path} is not a run folder (no manifest.json). Give a folder that a run wrote, or one that does not exist yet.`,
        { cause },
      );
    });
    let manifest: Partial<Manifest>;
    try {
      manifest = (JSON.parse(text) ?? {}) as Partial<Manifest>; // written by this program; its version is checked below
    } catch (cause) {
      const path = this.file("manifest.json");
      throw new ProbeError(
        "damaged-run-folder",
        `${path} is not valid JSON. Restore the file, or run into another folder.`,
        { cause },
      );
    }
    if (manifest.schemaVersion !== 1) {
      throw new ProbeError(
        "damaged-run-folder",
        `${this.file("manifest.json")} has the schema version ${String(manifest.schemaVersion)}; this program reads version 1. Use the release that wrote it.`,
      );
    }
    return manifest as Manifest; // of version 1, whose form is fixed
  }

  /** The names of the folders in one of its folders that hold runs of their own, sorted. */
  async listRuns(name: string): Promise<string[]> {
    const names = await readdir(this.file(name)).catch(() => []);
    return names.filter((entry) => existsSync(this.file(name, entry, "manifest.json"))).sort();
  }

  /** The hex SHA-256 of a file of the folder. */
  async sha256(name: string): Promise<string> {
    return sha256(await readFile(this.file(name)));
  }

  /**
   * Does some work while no other process writes into the folder.
   *
   * @throws FluxRuntimeError `folder-in-use`.
   */
  async whileLocked<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.lock !== null) return work();
    await this.acquire();
    try {
      return await work();
    } finally {
      await this.close();
    }
  }

  /** Lets other processes write into the folder. */
  async close(): Promise<void> {
    const { lock } = this;
    this.lock = null;
    await lock?.release();
  }

  /** Writes a file whole or not at all. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFileWhole(this.file(name), content);
  }

  /** Writes a value as indented JSON, whole or not at all. */
  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Removes what only an unfinished run needs. */
  async removeWorkFiles(): Promise<void> {
    await rm(this.file("passes"), { recursive: true, force: true });
    await rm(this.file("cache"), { recursive: true, force: true });
  }

  /** Locks the folder, and removes what a process that was killed left there unfinished. */
  private async acquire(): Promise<void> {
    this.lock = await lockFolder(this.path);
    try {
      for (const path of await readdir(this.path, { recursive: true })) {
        if (!isUnfinished(path) || path.startsWith(`${CONTROLS_FOLDER}${sep}`)) continue; // those have locks of their own
        await rm(this.file(path), { recursive: true, force: true });
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Refuses a folder that holds something else than the beginning of a run with these settings. */
  private async requireRun(settings: ProbeSettings, begun: BegunWith): Promise<void> {
    if (await this.isUnused()) return;
    const manifest = await this.readManifest();
    const differences = differingSettings(
      { ...withPlainCheckpoint(manifest.settings), ...hashesOf(manifest) },
      { ...withPlainCheckpoint(settings), ...hashesOf(begun) },
    );
    if (differences.length > 0) {
      throw new ProbeError(
        "other-settings",
        `The folder ${this.path} holds a run with other settings:\n  ${differences.slice(0, 6).join("\n  ")}\n` +
          `Give another folder, or remove this one. It was left as it is.`,
      );
    }
  }

  /** Whether nothing is there but empty folders and what a run leaves that was stopped before its first file was whole. */
  private async isUnused(): Promise<boolean> {
    for (const name of await readdir(this.path).catch(() => [])) {
      const isEmpty = async (): Promise<boolean> =>
        (await readdir(this.file(name)).catch(() => null))?.length === 0;
      if (!isFolderLock(name) && !isUnfinished(name) && !(await isEmpty())) return false;
    }
    return true;
  }
}

function hashesOf({ wordCounts, plan }: BegunWith): Record<string, string | undefined> {
  return { wordCountsSha256: wordCounts?.sha256, planSha256: plan?.sha256 };
}
