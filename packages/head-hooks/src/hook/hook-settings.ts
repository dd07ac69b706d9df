import { HeadHooksError } from "../head-hooks-error.ts";
import { OUTPUT_NAMES } from "../units/reductions.ts";
import type { HookOptions } from "./hook-options.ts";

/** What the output with the mean of every channel is called. */
const CHANNEL_MEAN_OUTPUT = "channel_mean";

/** The options with their defaults, checked. */
export interface HookSettings {
  readonly outputName: string;
  readonly reduction: NonNullable<HookOptions["reduction"]>;
  readonly isPerToken: boolean;
  /** The output with the mean of every channel; `undefined` if it was not asked for. */
  readonly channelMeans: string | undefined;
  readonly segments:
    | {
        readonly input: string;
        readonly count: number | undefined;
        /** Absent for int64, so that records of hooks read as they always did. */
        readonly rangeType?: "float32";
      }
    | undefined;
  readonly maskInput: string | undefined;
  readonly scale:
    { readonly input: string; readonly isOptional: boolean; readonly offset: string | undefined } | undefined;
  readonly batchInput: string | undefined;
  /** The model's own outputs to keep; `undefined` for all. */
  readonly keptOutputs: readonly string[] | undefined;
}

/**
 * Fill in the defaults.
 *
 * @throws HeadHooksError `invalid-argument` for options that make no sense.
 */
export function readSettings(options: HookOptions): HookSettings {
  const { reduction = "meanSquare", perToken = false, maskInput, batchInput, keepOutputs = true } = options;
  if (!Object.hasOwn(OUTPUT_NAMES, reduction)) {
    const known = Object.keys(OUTPUT_NAMES).join(", ");
    throw invalid(`\`reduction\` must be one of ${known}; received "${reduction}"`);
  }
  const outputName = options.outputName ?? OUTPUT_NAMES[reduction];
  if (outputName === "") throw invalid("`outputName` is empty; name the output");
  const segments = readSegments(options.segments);
  if (perToken && segments !== undefined) {
    throw invalid("`perToken` keeps every token, so `segments` has nothing to reduce; leave one of them out");
  }
  return {
    outputName,
    reduction,
    isPerToken: perToken,
    channelMeans: options.channelMeans === true ? CHANNEL_MEAN_OUTPUT : undefined,
    segments,
    maskInput,
    scale: readScale(options.scale),
    batchInput,
    keptOutputs: keepOutputs === true ? undefined : keepOutputs === false ? [] : keepOutputs,
  };
}

function readScale(scale: HookOptions["scale"]): HookSettings["scale"] {
  if (scale === undefined || scale === false) return undefined;
  const { input = "scale", isOptional = false, offset } = scale === true ? {} : scale;
  if (input === "" || offset === "")
    throw invalid("an input of `scale` has an empty name; name it, or leave the name out");
  return { input, isOptional, offset };
}

function readSegments(segments: HookOptions["segments"]): HookSettings["segments"] {
  if (segments === undefined || segments === false) return undefined;
  const { input = "segments", count, rangeType = "int64" } = segments === true ? {} : segments;
  if (input === "" || (count !== undefined && !(Number.isSafeInteger(count) && count > 0))) {
    throw invalid(
      `\`segments\` must have a named input and a positive count; received input "${input}", count ${count ?? "none"}`,
    );
  }
  if (!["int64", "float32"].includes(rangeType)) {
    throw invalid(`\`rangeType\` of \`segments\` must be int64 or float32; received "${rangeType}"`);
  }
  return { input, count, ...(rangeType === "float32" && { rangeType }) };
}

function invalid(message: string): HeadHooksError {
  return new HeadHooksError("invalid-argument", message);
}
