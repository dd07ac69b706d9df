import type { UnitMap } from "./page-data.ts";

/** The part of the blocks that is on view, in channels. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** The unit at a channel of a row, or −1. */
export function unitAt({ runs }: Pick<UnitMap, "runs">, row: number, channel: number): number {
  const run = runs.find(
    (candidate) =>
      candidate.row === row &&
      channel >= candidate.start &&
      channel < candidate.start + candidate.units * candidate.step,
  );
  return run === undefined ? -1 : run.first + Math.floor((channel - run.start) / run.step);
}

/** Narrows or widens a view around a channel; it never leaves the blocks nor shows fewer than 8 units. */
export function zoomView(view: View, factor: number, around: number, channels: number, step: number): View {
  const width = Math.min(channels, Math.max(8 * step, (view.to - view.from) / factor));
  const share = (around - view.from) / (view.to - view.from);
  const from = Math.min(channels - width, Math.max(0, around - share * width));
  return { from, to: from + width };
}
