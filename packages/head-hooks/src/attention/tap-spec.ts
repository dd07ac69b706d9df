import type { ProjectionPattern } from "./match-projections.ts";

/** Where to tap, and how to name what is found there. */
export interface TapSpec {
  /**
   * The projections: a glob that matches the whole name (`*` within a segment, `**` across `.` and `/`), or a
   * regular expression, matched against `Projection.names`; or a projection that was listed.
   */
  readonly at: ProjectionPattern;
  /** The input channels in order; they must add up to the projection's input width. */
  readonly sections?: readonly SectionSpec[];
  /** Without `sections`: the path of the one section over all channels. Default `{0}`, the name that matched. */
  readonly path?: string;
  /** Without `sections`: the attention heads that the channels hold. */
  readonly heads?: HeadSpec;
  /** The graph input with the segment ranges of this tap's tokens, where segments are asked for. */
  readonly segmentsInput?: string;
  /** The graph input that says which of this tap's tokens count, [B, S]; `null` for all. Default: `HookOptions.maskInput`. */
  readonly maskInput?: string | null;
}

/** A run of input channels. Paths and labels may hold `{1}`, `{name}` and `{0}`: what the pattern matched. */
export interface SectionSpec {
  /** Dotted path, the beginning of the units' addresses. */
  readonly path: string;
  /** How many channels. */
  readonly channels: number;
  /** The attention heads that the channels hold; absent where they hold none. */
  readonly heads?: HeadSpec;
  /** Default: the path without its last segment. */
  readonly block?: string;
  /** Default: the path's last segment. */
  readonly kind?: string;
}

/** Attention heads of equal size that fill a section: how many channels each has, or how many there are. */
export type HeadSpec =
  | {
      /** Dotted path, the beginning of the heads' addresses. */
      readonly path: string;
      /** Channels per head. */
      readonly size: number;
    }
  | {
      readonly path: string;
      /** Number of heads. */
      readonly count: number;
    };
