import measure from "./measure.json" with { type: "json" };

/** The sets that come with the package, by name; validated when they are loaded, like any file. */
export const builtInSets: ReadonlyMap<string, unknown> = new Map([[measure.name, measure]]);
