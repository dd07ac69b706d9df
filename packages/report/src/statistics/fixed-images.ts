import { readFile } from "node:fs/promises";
import { sha256, referenceName, type Manifest, type RunFolder } from "@measure-plantain/probe";

/** A fixed image of a run folder. */
export interface FixedImage {
  /** Of the file; `missing` if there is none. */
  readonly sha256: string;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** Identifies the fixed images of a run by what the folder holds: a rendered image and a copy of it are the same. */
export async function listFixedImages(
  folder: RunFolder,
  { settings }: Pick<Manifest, "settings">,
): Promise<FixedImage[]> {
  return Promise.all(
    settings.references.map(async (_, index) => {
      const bytes = await readFile(folder.file(`${referenceName(index)}.png`)).catch(() => null);
      if (bytes === null || bytes.length < END_OF_SIZE) return { sha256: "missing", width: 0, height: 0 };
      // A PNG begins with its signature and the IHDR chunk, whose first fields are the size.
      return { sha256: sha256(bytes), width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    }),
  );
}

/** Bytes of a PNG up to the end of its size. */
const END_OF_SIZE = 24;
