import { readFile } from "node:fs/promises";
import {
  attentionTaps,
  type HookOptions,
  listTaps,
  projectionTaps,
  type Reduction,
  type TapRecord,
} from "@measure-plantain/head-hooks";
import { hookModelFile } from "@measure-plantain/head-hooks/node";
import { UsageError } from "../usage-error.ts";
import { writeMessage, writeResult } from "../terminal/write-text.ts";

/** The reductions by the names that the command line gives them. */
export const reductionNames = ["mean-square", "rms", "mean", "abs-max"] as const;

/** What to tap in an ONNX model, and how. */
export interface HookCommandOptions {
  /** Globs over the names of projections; none stands for every attention output projection. */
  readonly at: readonly string[];
  /** Channels per unit; by default the most that fit every head. */
  readonly group?: number;
  /** Heads of each projection, where the graph does not show them. */
  readonly heads?: number;
  readonly reduction: (typeof reductionNames)[number];
  readonly segments: boolean;
  readonly perToken: boolean;
  readonly mask?: string;
  readonly scale: boolean;
  readonly outputName?: string;
  /** Drops the model's own outputs and what only they need. */
  readonly capturesOnly: boolean;
  readonly list: boolean;
  readonly json: boolean;
}

const REDUCTIONS: Readonly<Record<(typeof reductionNames)[number], Reduction>> = {
  "mean-square": "meanSquare",
  rms: "rms",
  mean: "mean",
  "abs-max": "absMax",
};

/** Adds the captures to an ONNX model and prints what was tapped; with `list` it writes no model. */
export async function hook(
  input: string,
  output: string | undefined,
  options: HookCommandOptions,
): Promise<void> {
  if (!options.list && output === undefined) {
    throw new UsageError("hook needs the file to write: hook IN.onnx OUT.onnx. With --list it writes none.");
  }
  const { settings, taps } = await planHook(input, options);
  if (options.list || output === undefined) {
    writeResult(options.json ? `${JSON.stringify(taps, null, 2)}\n` : formatTaps(taps));
    return;
  }
  const { layout, modified } = await hookModelFile(input, output, settings);
  if (options.json) {
    writeResult(`${JSON.stringify(layout, null, 2)}\n`);
    return;
  }
  writeResult(formatTaps(taps));
  writeMessage(
    `${output}: ${modified ? "hooked" : "was hooked like this already"}; the output "${layout.outputName}" holds ${layout.unitCount} units of ${layout.groupSize} channels.\n`,
  );
}

/** What to tap; the model's bytes are let go before it is hooked, since it may be large. */
async function planHook(
  input: string,
  options: HookCommandOptions,
): Promise<{ settings: HookOptions; taps: TapRecord[] }> {
  const model = await readFile(input).catch((error: unknown) => {
    throw new UsageError(`Cannot read ${input}: ${error instanceof Error ? error.message : String(error)}.`);
  });
  const settings = hookOptions(model, options);
  return { settings, taps: listTaps(model, settings) };
}

function hookOptions(model: Uint8Array, options: HookCommandOptions): HookOptions {
  const { at, group, heads, reduction, segments, perToken, mask, scale, outputName } = options;
  // Without patterns the package finds attention itself; a number of heads makes it a pattern on all of it.
  const taps =
    at.length > 0
      ? at.flatMap((pattern) => projectionTaps(model, { at: pattern, ...(heads !== undefined && { heads }) }))
      : heads !== undefined
        ? attentionTaps(model, { heads })
        : undefined;
  return {
    ...(taps !== undefined && { taps }),
    ...(group !== undefined && { groupSize: group }),
    ...(mask !== undefined && { maskInput: mask }),
    ...(outputName !== undefined && { outputName }),
    reduction: REDUCTIONS[reduction],
    segments,
    perToken,
    scale,
    keepOutputs: !options.capturesOnly,
  };
}

/** The taps as a table with a row for each. */
function formatTaps(taps: readonly TapRecord[]): string {
  const header = ["address", "node", "op", "channels", "heads", "found"];
  const rows = taps.map(({ address, node, op, channels, heads, headSize, attention }) => [
    ...[address, node, op ?? "–", String(channels)],
    heads === null ? "–" : `${heads} × ${headSize ?? "?"}`,
    attention === null ? "by name" : `behind ${attention}`,
  ]);
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => (row[column] ?? title).length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
