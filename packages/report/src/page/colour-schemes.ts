/** The colours of the page and of the figures, by the names of their CSS properties. */
export type ColourScheme = Readonly<
  Record<
    | "paper"
    | "ink"
    | "soft"
    | "line"
    | "wash"
    | "null"
    | "accent"
    | "accent-wash"
    | "warm"
    | "map-n2"
    | "map-n1"
    | "map-0"
    | "map-p1"
    | "map-p2",
    string
  >
>;

/**
 * On light paper. The map runs from brown over grey to blue, which readers who do not tell red from green can tell apart;
 * both ends are as dark.
 */
export const light: ColourScheme = {
  paper: "#fdfcfa",
  ink: "#1c1d20",
  soft: "#5d6067",
  line: "#e0ddd6",
  wash: "#f4f2ed",
  null: "#b9b6ae",
  accent: "#1f5fa6",
  "accent-wash": "#e6eef7",
  warm: "#a04d12",
  "map-n2": "#6e3205",
  "map-n1": "#d98a45",
  "map-0": "#f3f1ec",
  "map-p1": "#5b93cf",
  "map-p2": "#0c3566",
};

/** On dark paper: the map's ends are bright instead. */
export const dark: ColourScheme = {
  paper: "#15171a",
  ink: "#e6e4df",
  soft: "#9c9fa6",
  line: "#2e3136",
  wash: "#1c1f23",
  null: "#5a5d63",
  accent: "#7fb2ec",
  "accent-wash": "#1a2836",
  warm: "#e79a5c",
  "map-n2": "#ffd0a1",
  "map-n1": "#b8621f",
  "map-0": "#23262b",
  "map-p1": "#3a78bd",
  "map-p2": "#b9dcff",
};

/** The light scheme on white paper and with black ink. */
export const print: ColourScheme = {
  ...light,
  paper: "#ffffff",
  ink: "#000000",
  soft: "#444444",
  line: "#cccccc",
};

/** A scheme as CSS declarations of custom properties, their names with a prefix. */
export function declareColours(scheme: ColourScheme, prefix = ""): string {
  return Object.entries(scheme)
    .map(([name, colour]) => `--${prefix}${name}: ${colour};`)
    .join(" ");
}
