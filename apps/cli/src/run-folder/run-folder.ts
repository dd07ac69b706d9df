import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import { sha256 } from "../probe/fingerprint.ts";
import { differingSettings, withPlainCheckpoint, type ProbeSettings } from "../probe/settings.ts";
import type { Manifest } from "./manifest.ts";

/** The folder of one run: where each file lies, and how it is written. */
export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates the folder, or goes on in one that was begun with the same settings and audited by the same list of words.
   *
   * @throws UsageError where the folder holds something else, or a run of other settings; nothing is changed then.
   */
  static async openForRun(
    path: string,
    settings: ProbeSettings,
    wordCounts?: Manifest["wordCounts"],
  ): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    const entries = await readdir(folder.path).catch(() => null);
    if (entries !== null && entries.length > 0) {
      const manifest = await folder.readManifest();
      const differences = differingSettings(
        { ...withPlainCheckpoint(manifest.settings), wordCountsSha256: manifest.wordCounts?.sha256 },
        { ...withPlainCheckpoint(settings), wordCountsSha256: wordCounts?.sha256 },
      );
      if (differences.length > 0) {
        throw new UsageError(
          `The output folder ${folder.path} holds a run with other settings:\n  ${differences.slice(0, 6).join("\n  ")}\n` +
            `Give another --out, or remove the folder. It was left as it is.`,
        );
      }
    }
    await mkdir(folder.file("passes"), { recursive: true });
    await mkdir(folder.file("cache"), { recursive: true });
    return folder;
  }

  /** Opens a folder to read it. @throws UsageError where it holds no run. */
  static async openForReading(path: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    await folder.readManifest();
    return folder;
  }

  file(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  async readManifest(): Promise<Manifest> {
    const text = await readFile(this.file("manifest.json"), "utf8").catch((cause: unknown) => {
      throw new UsageError(
        `${this.path} is no run folder: it has no manifest.json. Give a folder that \`measure-plantain run\` wrote, or an --out that does not exist yet.`,
        { cause },
      );
    });
    let manifest: Partial<Manifest>;
    try {
      manifest = (JSON.parse(text) ?? {}) as Partial<Manifest>; // written by this program; its version is checked below
    } catch (cause) {
      const path = this.file("manifest.json");
      throw new UsageError(`${path} is not valid JSON. Restore the file, or use another --out.`, { cause });
    }
    if (manifest.schemaVersion !== 1) {
      throw new UsageError(
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

  /** Writes a file whole or not at all: aside, to the disk, then renamed. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const target = this.file(name);
    const aside = `${target}.part`;
    const file = await open(aside, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Removes what only an unfinished run needs. */
  async removeWorkFiles(): Promise<void> {
    await rm(this.file("passes"), { recursive: true, force: true });
    await rm(this.file("cache"), { recursive: true, force: true });
  }
}
