import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { NodeProto } from "onnx-buf";
import { HeadHooksError } from "../head-hooks-error.ts";
import { type ModelView, type TensorHeader, tensorHeader } from "./read-model.ts";

/**
 * The files that a model's weights lie in, relative to the model's folder, each once.
 *
 * @throws HeadHooksError `external-path` if a path is empty, absolute or leads through `..`: such a path could name
 *   any file of the machine, and ONNX Runtime refuses it.
 */
export function externalLocations(view: ModelView): string[] {
  const inner = [view.nodes, ...view.functions.map(({ node }) => node)].flatMap(attributeTensors);
  const headers = [...view.initializers.values(), ...inner];
  const locations = new Set<string>();
  for (const { name, externalLocation: location } of headers) {
    if (location === undefined) continue;
    const safe =
      location !== "" && !/^([\\/]|[A-Za-z]:)/.test(location) && !location.split(/[\\/]/).includes("..");
    if (!safe) {
      throw new HeadHooksError(
        "external-path",
        `the external data of "${name}" is at "${location}"; expected a path below the model's folder, neither absolute nor with ".."`,
        { tensor: name, location },
      );
    }
    locations.add(location);
  }
  return [...locations];
}

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

/** The tensors in the attributes of nodes, those of subgraphs too. */
function attributeTensors(nodes: readonly NodeProto[]): TensorHeader[] {
  return nodes.flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors, g, graphs }) => {
      const own = t === undefined ? tensors : [t, ...tensors];
      const inner = g === undefined ? graphs : [g, ...graphs];
      const held = [...own, ...inner.flatMap(({ initializer }) => initializer)];
      return [
        ...held.map((tensor) => tensorHeader(tensor, tensor.name)),
        ...inner.flatMap(({ node }) => attributeTensors(node)),
      ];
    }),
  );
}

async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev.toString()}:${ino.toString()}`;
  } catch {
    return undefined;
  }
}
