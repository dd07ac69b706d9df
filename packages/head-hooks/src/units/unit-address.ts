import { HeadHooksError } from "../head-hooks-error.ts";

/**
 * The address of a unit: a group of channels (`single.2.mlp[0:16]`) or a real attention head
 * (`single.2.head.5`).
 */
export type UnitAddress =
  | {
      readonly type: "group";
      /** Dotted path of the section that the channels belong to. */
      readonly path: string;
      /** First channel, counted from the start of the section. */
      readonly start: number;
      /** One past the last channel. */
      readonly stop: number;
    }
  | {
      readonly type: "head";
      /** Dotted path of what the heads belong to. */
      readonly path: string;
      /** Index of the head, from 0. */
      readonly head: number;
    };

/**
 * One segment of a path: anything but the separator, brackets, white space, commas, quotes and control
 * characters, so that an address can stand in a CSV cell or a shell argument as it is.
 */
const SEGMENT = String.raw`[^.\[\]\s,"'\u0000-\u001f\u007f]+`;
const PATH = new RegExp(`^${SEGMENT}(?:\\.${SEGMENT})*$`);
const GROUP = /^(.*)\[(0|[1-9]\d*):(0|[1-9]\d*)\]$/s;
const HEAD = /^(.*)\.head\.(0|[1-9]\d*)$/s;

/** Whether a text is a dotted path that an address can begin with. */
export function isUnitPath(path: string): boolean {
  return PATH.test(path);
}

/**
 * Write a unit's address: `path[start:stop]` for a group of channels, `path.head.N` for a head.
 *
 * @throws HeadHooksError `invalid-address` if the path is no dotted path or the numbers make no range.
 * @example
 * ```ts
 * formatUnitAddress({ type: "group", path: "joint.3.to_out", start: 16, stop: 32 }); // "joint.3.to_out[16:32]"
 * formatUnitAddress({ type: "head", path: "single.2", head: 5 }); // "single.2.head.5"
 * ```
 */
export function formatUnitAddress(address: UnitAddress): string {
  requirePath(address.path, address.path);
  if (address.type === "head") {
    if (!Number.isSafeInteger(address.head) || address.head < 0) {
      throw invalid(
        `the head of ${address.path} must be an integer from 0; received ${address.head}`,
        address.path,
      );
    }
    return `${address.path}.head.${address.head}`;
  }
  requireRange(address.start, address.stop, address.path);
  return `${address.path}[${address.start}:${address.stop}]`;
}

/**
 * Read a unit's address; the inverse of {@link formatUnitAddress}.
 *
 * @throws HeadHooksError `invalid-address` if the text is neither a group's nor a head's address.
 * @example
 * ```ts
 * parseUnitAddress("single.2.mlp[0:16]"); // { type: "group", path: "single.2.mlp", start: 0, stop: 16 }
 * ```
 */
export function parseUnitAddress(text: string): UnitAddress {
  const group = GROUP.exec(text);
  if (group !== null) {
    const [, path = "", first = "", last = ""] = group;
    const start = Number(first);
    const stop = Number(last);
    requirePath(path, text);
    requireRange(start, stop, text);
    return { type: "group", path, start, stop };
  }
  const head = HEAD.exec(text);
  if (head !== null) {
    const [, path = "", index = ""] = head;
    requirePath(path, text);
    if (!Number.isSafeInteger(Number(index))) throw invalid(`the head in "${text}" is too large`, text);
    return { type: "head", path, head: Number(index) };
  }
  throw invalid(
    `"${text}" is no unit address: expected a dotted path with a channel range, as single.2.mlp[0:16], or with a head, as single.2.head.5`,
    text,
  );
}

function requirePath(path: string, address: string): void {
  if (isUnitPath(path)) return;
  throw invalid(
    `"${path}" is no dotted path: expected segments joined by ".", none empty, without brackets, commas, quotes or white space`,
    address,
  );
}

function requireRange(start: number, stop: number, address: string): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(stop) && start >= 0 && start < stop) return;
  throw invalid(
    `the channels of "${address}" must be integers start:stop with 0 <= start < stop; received ${start}:${stop}`,
    address,
  );
}

function invalid(message: string, address: string): HeadHooksError {
  return new HeadHooksError("invalid-address", message, { address });
}
