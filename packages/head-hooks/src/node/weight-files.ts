import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HeadHooksError } from "../head-hooks-error.ts";

/**
 * Make sure that a model written to `outPath` finds the very files that the model at `inPath` does.
 *
 * The files are looked up, never opened.
 *
 * @throws HeadHooksError `external-data-elsewhere` if one of them is missing beside `outPath`, or is another file.
 */
export async function requireExternalData(
  locations: readonly string[],
  inPath: string,
  outPath: string,
): Promise<void> {
  for (const location of locations) {
    const wanted = await identify(join(dirname(inPath), location));
    const found = await identify(join(dirname(outPath), location));
    if (wanted !== undefined && wanted === found) continue;
    const folder = dirname(inPath);
    const reason =
      wanted === undefined
        ? `it is missing in ${folder} already`
        : found === undefined
          ? `${dirname(outPath)} has no such file`
          : `the file of that name in ${dirname(outPath)} is another one`;
    throw new HeadHooksError(
      "external-data-elsewhere",
      `${inPath} keeps weights in "${location}", which ${outPath} would not find (${reason}); write the hooked model into ${folder}, or hard-link the weights beside it`,
      { location, folder, outPath },
    );
  }
}

/**
 * Make sure that writing to `outPath` replaces none of the files that the model at `inPath` keeps its weights in.
 *
 * @throws HeadHooksError `unwritable-file` if it would.
 */
export async function requireNoWeights(
  locations: readonly string[],
  inPath: string,
  outPath: string,
): Promise<void> {
  const out = await identify(outPath);
  for (const location of locations) {
    const path = join(dirname(inPath), location);
    const isSame =
      resolve(path) === resolve(outPath) || (out !== undefined && out === (await identify(path)));
    if (!isSame) continue;
    throw new HeadHooksError(
      "unwritable-file",
      `${outPath} holds weights of ${inPath}, which the hooked model reads too; write it to another file`,
      { path: outPath, location },
    );
  }
}

async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev.toString()}:${ino.toString()}`;
  } catch {
    return undefined;
  }
}
