import type { ModelView } from "../graph/read-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { LayoutSection, LayoutTap, UnitLayout } from "../units/unit-layout.ts";
import type { HookOptions } from "./hook-options.ts";
import type { HookSettings } from "./hook-settings.ts";

/**
 * What a hook that dropped outputs leaves in the model's metadata. The last tapped projections are gone with the
 * outputs, so that the layout cannot be read from the graph again.
 */
export interface HookRecord {
  /** The options as {@link describeOptions} writes them. */
  readonly options: string;
  readonly layout: UnitLayout;
}

/** The options that decide what is captured, as JSON: the same options give the same text. */
export function describeOptions({ taps }: HookOptions, settings: HookSettings): string {
  const { reduction, isPerToken, channelMeans, segments, maskInput, scale, batchInput } = settings;
  const ofTokens = { isPerToken, channelMeans, segments, maskInput };
  const captured = { taps: taps ?? null, reduction, ...ofTokens, scale, batchInput };
  return JSON.stringify(captured, (_, entry: unknown) => {
    if (entry instanceof RegExp) return String(entry);
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The entry of the model's metadata that says how its output was made. */
export function recordEntry({ options, layout }: HookRecord): [key: string, value: string] {
  return [keyOf(layout.outputName), JSON.stringify({ options: JSON.parse(options) as unknown, layout })];
}

/**
 * What an earlier hook left about this output.
 *
 * @returns `undefined` if there is no such output, or none that dropped others.
 * @throws HeadHooksError `malformed-model` if the entry is none that this package writes.
 */
export function readRecord({ metadata, outputs }: ModelView, outputName: string): HookRecord | undefined {
  const key = keyOf(outputName);
  const text = metadata.get(key);
  if (text === undefined || !outputs.some(({ name }) => name === outputName)) return undefined;
  const record = parse(text);
  if (isObject(record) && isLayout(record["layout"]) && record["layout"].outputName === outputName) {
    return { options: JSON.stringify(record["options"]), layout: record["layout"] };
  }
  throw new HeadHooksError(
    "malformed-model",
    `the model's metadata "${key}" is no record of a hook, as hookModel writes it; hook the original model`,
    { key },
  );
}

function keyOf(outputName: string): string {
  return `head-hooks/${outputName}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLayout(value: unknown): value is UnitLayout {
  return (
    isObject(value) &&
    typeof value["outputName"] === "string" &&
    ["groupSize", "unitCount", "headCount"].every((key) => isCount(value[key])) &&
    isListOf(value["taps"], isTap) &&
    isListOf(value["sections"], isSection)
  );
}

function isTap(value: unknown): value is LayoutTap {
  return (
    isObject(value) &&
    ["node", "weight", "input"].every((key) => typeof value[key] === "string") &&
    ["firstUnit", "unitCount"].every((key) => isCount(value[key])) &&
    (value["segmentsInput"] === null || typeof value["segmentsInput"] === "string")
  );
}

function isSection(value: unknown): value is LayoutSection {
  if (!isObject(value)) return false;
  const heads = value["heads"];
  const counts = ["tap", "firstChannel", "channels", "firstUnit", "unitCount"];
  const areHeads =
    heads === null ||
    (isObject(heads) &&
      typeof heads["path"] === "string" &&
      ["size", "firstHead", "count"].every((key) => isCount(heads[key])));
  return (
    ["path", "block", "kind"].every((key) => typeof value[key] === "string") &&
    counts.every((key) => isCount(value[key])) &&
    areHeads
  );
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(isItem);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
