/** What the page's script is given: the units that a figure lets a reader point at. */
export interface PageData {
  readonly labels: { readonly a: string; readonly b: string };
  readonly pairs: number;
  readonly maps: readonly EncodedMap[];
  /** The scatter plots by name. */
  readonly points: Readonly<Record<string, EncodedPoints>>;
}

/** Where the units of one map stand in a scatter plot, as base64 of little-endian float32. */
export interface EncodedPoints {
  /** Index into `maps`. */
  readonly map: number;
  readonly x: string;
  readonly y: string;
}

/** Units in a row and in columns: consecutive units of one kind in one block. */
export interface Run {
  /** Index into `rows`. */
  readonly row: number;
  readonly kind: string;
  /** Its first unit. */
  readonly first: number;
  readonly units: number;
  /** Channels of the block before it. */
  readonly start: number;
  /** Channels per unit. */
  readonly step: number;
}

/** Where the units of one granularity stand in the heat map. */
export interface UnitPlaces {
  readonly name: string;
  readonly title: string;
  /** Names of the blocks, from top to bottom. */
  readonly rows: readonly string[];
  readonly runs: readonly Run[];
  /** Channels of the widest block. */
  readonly channels: number;
}

/** The units of one granularity, their statistics as base64 of little-endian float64. */
export interface EncodedMap extends UnitPlaces {
  /** The units' addresses, one per line. */
  readonly addresses: string;
  readonly values: Readonly<Record<UnitStatistic, string>>;
}

/** The units of one granularity as the figures read them. */
export interface UnitMap extends UnitPlaces {
  readonly addresses: readonly string[];
  readonly values: Readonly<Record<UnitStatistic, Float64Array>>;
}

/** What is known of every unit: t, its p, p corrected for the number of units, the mean difference, each condition's mean. */
export type UnitStatistic = "t" | "p" | "familyWise" | "mean" | "a" | "b";
