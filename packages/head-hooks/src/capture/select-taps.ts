import { describe, labelOf, matchProjections } from "../attention/match-projections.ts";
import { expandPath } from "../attention/name-pattern.ts";
import type { Projection } from "../attention/projection.ts";
import type { HeadSpec, SectionSpec, TapSpec } from "../attention/tap-spec.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { isUnitPath } from "../units/unit-address.ts";
import type { LayoutSection, UnitLayout } from "../units/unit-layout.ts";
import type { SelectedTap } from "./selected-tap.ts";

/** A section with the size of its heads known. */
type ResolvedSection = Omit<SectionSpec, "heads"> & {
  readonly heads: { readonly path: string; readonly size: number } | undefined;
};

/** Settings of the selection; the inputs are the default ones, `null` where none is asked for. */
export interface SelectionOptions {
  /** Channels per unit; by default the most that fit every head, and every section without heads. */
  readonly groupSize?: number;
  readonly outputName: string;
  readonly segmentsInput: string | null;
  readonly maskInput?: string | null;
}

/**
 * Find the projections that the specs name and lay out their units: specs in their order, a spec's projections in
 * the order of the graph, channels ascending.
 *
 * Ensures: each projection is tapped once, section and head paths are unique, groups nest in heads and sections.
 *
 * @throws HeadHooksError `no-match`, `tapped-twice`, `duplicate-address`, `section-width`, `group-size`,
 *   `head-size`, `invalid-argument`.
 */
export function selectTaps(
  projections: readonly Projection[],
  specs: readonly TapSpec[],
  options: SelectionOptions,
): { taps: SelectedTap[]; layout: UnitLayout } {
  if (options.groupSize !== undefined) requirePositive("groupSize", options.groupSize);
  if (specs.length === 0) throw invalidOptions("`taps` is empty; name at least one projection");
  const found = specs.flatMap((spec) =>
    matchProjections(projections, spec.at).map(({ projection, match }) => {
      const sections = sectionsOf(spec, projection).map((section) => ({
        ...section,
        heads: section.heads === undefined ? undefined : headsOf(section.heads, section, projection),
      }));
      return { spec, projection, match, sections };
    }),
  );
  const groupSize = options.groupSize ?? commonGroupSize(found.flatMap(({ sections }) => sections));
  const taps: SelectedTap[] = [];
  const sections: LayoutSection[] = [];
  const tappedBy = new Map<Projection, string>();
  let unitCount = 0;
  let headCount = 0;
  for (const { spec, projection, match, sections: own } of found) {
    const label = labelOf(spec.at);
    requireUntapped(tappedBy, projection, label);
    let firstChannel = 0;
    for (const section of own) {
      const path = requireUnitPath(expandPath(section.path, match), projection);
      requireNesting(path, section, groupSize, projection);
      const heads =
        section.heads === undefined
          ? null
          : {
              path: requireUnitPath(expandPath(section.heads.path, match), projection),
              size: section.heads.size,
              firstHead: headCount,
              count: section.channels / section.heads.size,
            };
      const cut = path.lastIndexOf(".");
      sections.push({
        path,
        block:
          section.block === undefined
            ? path.slice(0, cut < 0 ? undefined : cut)
            : expandPath(section.block, match),
        kind: section.kind === undefined ? path.slice(cut + 1) : expandPath(section.kind, match),
        tap: taps.length,
        firstChannel,
        channels: section.channels,
        firstUnit: unitCount,
        unitCount: section.channels / groupSize,
        heads,
      });
      firstChannel += section.channels;
      unitCount += section.channels / groupSize;
      headCount += heads?.count ?? 0;
    }
    const segmentsInput =
      options.segmentsInput === null ? null : (spec.segmentsInput ?? options.segmentsInput);
    const maskInput = spec.maskInput === undefined ? (options.maskInput ?? null) : spec.maskInput;
    taps.push({ projection, segmentsInput, maskInput });
  }
  requireUniquePaths(sections, taps);
  const { outputName } = options;
  const layoutTaps = taps.map(({ projection, segmentsInput, maskInput }, index) => {
    const own = sections.filter(({ tap }) => tap === index);
    return {
      node: projection.node,
      weight: projection.weight,
      input: projection.input,
      ...(maskInput !== null && { maskInput }),
      firstUnit: own[0]?.firstUnit ?? 0,
      unitCount: own.reduce((sum, section) => sum + section.unitCount, 0),
      segmentsInput,
    };
  });
  return { taps, layout: { outputName, groupSize, unitCount, headCount, taps: layoutTaps, sections } };
}

function sectionsOf(spec: TapSpec, projection: Projection): readonly SectionSpec[] {
  if (spec.sections === undefined) {
    const section = { path: spec.path ?? "{0}", channels: projection.inputChannels };
    return [spec.heads === undefined ? section : { ...section, heads: spec.heads }];
  }
  if (spec.path !== undefined || spec.heads !== undefined) {
    throw invalidOptions(
      `the tap at "${labelOf(spec.at)}" has sections, so their own path and heads count; leave out the tap's`,
    );
  }
  for (const { path, channels } of spec.sections)
    requirePositive(`the channels of section ${path}`, channels);
  const widths = spec.sections.map(({ channels }) => channels);
  const sum = widths.reduce((total, channels) => total + channels, 0);
  if (sum === projection.inputChannels) return spec.sections;
  throw new HeadHooksError(
    "section-width",
    `the sections of ${describe(projection)} take ${widths.join(" + ")} = ${sum} channels, but its input has ${projection.inputChannels}`,
    { node: projection.node, expected: projection.inputChannels, received: sum },
  );
}

/** The size of a section's heads, given itself or by their number. */
function headsOf(
  heads: HeadSpec,
  section: SectionSpec,
  projection: Projection,
): { path: string; size: number } {
  if ("size" in heads) return heads;
  const { path, count } = heads;
  requirePositive(`the number of heads of ${section.path}`, count);
  if (section.channels % count === 0) return { path, size: section.channels / count };
  throw new HeadHooksError(
    "head-size",
    `the ${section.channels} channels of ${section.path} (${describe(projection)}) cannot be shared by ${count} heads; choose a divisor`,
    { node: projection.node, channels: section.channels, heads: count },
  );
}

/** The most channels per unit that divide every head, and every section without heads. */
function commonGroupSize(
  sections: readonly { channels: number; heads: { size: number } | undefined }[],
): number {
  for (const { heads } of sections) if (heads !== undefined) requirePositive("the head size", heads.size);
  return sections
    .map(({ channels, heads }) => heads?.size ?? channels)
    .reduce((common, size) => greatestCommonDivisor(common, size), 0);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function requireNesting(
  path: string,
  section: ResolvedSection,
  groupSize: number,
  projection: Projection,
): void {
  const { channels, heads } = section;
  if (channels % groupSize !== 0) {
    throw new HeadHooksError(
      "group-size",
      `the ${channels} channels of ${path} (${describe(projection)}) are not divisible by the group size ${groupSize}; choose a divisor`,
      { node: projection.node, channels, groupSize },
    );
  }
  if (heads === undefined) return;
  requirePositive(`the head size of ${path}`, heads.size);
  if (channels % heads.size === 0 && heads.size % groupSize === 0) return;
  throw new HeadHooksError(
    "head-size",
    `heads of ${heads.size} channels do not fit ${path} (${describe(projection)}): they must divide its ${channels} channels and be a multiple of the group size ${groupSize}`,
    { node: projection.node, channels, groupSize, headSize: heads.size },
  );
}

function requireUntapped(tappedBy: Map<Projection, string>, projection: Projection, label: string): void {
  const earlier = tappedBy.get(projection);
  tappedBy.set(projection, label);
  if (earlier === undefined) return;
  throw new HeadHooksError(
    "tapped-twice",
    `${describe(projection)} is matched by "${earlier}" and again by "${label}"; make one of the patterns narrower`,
    { node: projection.node, patterns: [earlier, label] },
  );
}

function requireUniquePaths(sections: readonly LayoutSection[], taps: readonly SelectedTap[]): void {
  const owners = new Map<string, string>();
  for (const { path, heads, tap } of sections) {
    const projection = taps[tap]?.projection;
    const owner = projection === undefined ? path : describe(projection);
    for (const key of heads === null ? [path] : [path, `${heads.path}.head`]) {
      const earlier = owners.get(key);
      if (earlier !== undefined) {
        throw new HeadHooksError(
          "duplicate-address",
          `${earlier} and ${owner} would share the address "${key}"; put what the pattern matched into the path, as in "block.{1}"`,
          { path: key, owners: [earlier, owner] },
        );
      }
      owners.set(key, owner);
    }
  }
}

function requireUnitPath(path: string, projection: Projection): string {
  if (isUnitPath(path)) return path;
  throw invalidOptions(
    `the path "${path}" of ${describe(projection)} is no dotted path (segments joined by ".", none empty, no brackets, commas, quotes or white space); give the tap a \`path\``,
  );
}

function requirePositive(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw invalidOptions(`${what} must be a positive integer; received ${value}`);
}

function invalidOptions(message: string): HeadHooksError {
  return new HeadHooksError("invalid-argument", message);
}
