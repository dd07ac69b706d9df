import { Presets, SingleBar } from "cli-progress";
import { escapeControls, writeMessage } from "./write-text.ts";

/** A stage that is under way. */
export interface ProgressBar {
  /** How far it is. */
  update(value: number, total: number): void;
  stop(): void;
}

/** How often a stage is reported if stderr is not a terminal, in milliseconds. */
const PLAIN_INTERVAL = 10_000;

/** A bar with rate and remaining time on a terminal; a plain line now and then elsewhere. */
export function startBar(title: string, { unit, total }: { unit: string; total: number }): ProgressBar {
  return isTerminal() ? terminalBar(title, unit, total) : plainLines(title, unit, total);
}

/** Whether stderr is a terminal that a bar can be redrawn on. */
function isTerminal(): boolean {
  return process.stderr.isTTY && process.env["TERM"] !== "dumb";
}

function terminalBar(title: string, unit: string, total: number): ProgressBar {
  const began = Date.now();
  const format = unit === "bytes" ? "{title} {bar} {percentage} %" : "{title} {bar} {value}/{total} {unit}";
  const bar = new SingleBar(
    { format: `${format} · {rate} · {eta_formatted} left`, stream: process.stderr, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(total, 0, { title: escapeControls(title), unit, rate: "–" });
  return {
    update(value, newTotal) {
      bar.setTotal(newTotal);
      bar.update(value, { rate: formatRate(value, began, unit) });
    },
    stop() {
      bar.stop();
    },
  };
}

function plainLines(title: string, unit: string, total: number): ProgressBar {
  const began = Date.now();
  let reported = began;
  let last = { value: 0, total };
  writeMessage(`${title} …\n`);
  return {
    update(value, newTotal) {
      last = { value, total: newTotal };
      if (Date.now() - reported < PLAIN_INTERVAL) return;
      reported = Date.now();
      const secondsLeft = ((reported - began) / 1_000) * (newTotal / Math.max(value, 1) - 1);
      const share = Math.floor((100 * value) / newTotal);
      writeMessage(
        `${title}: ${share} %, ${formatRate(value, began, unit)}, about ${Math.ceil(secondsLeft)} s left\n`,
      );
    },
    stop() {
      const seconds = ((Date.now() - began) / 1_000).toFixed(1);
      const amount = unit === "bytes" ? `${(last.value / 1e6).toFixed(1)} MB` : `${last.value} ${unit}`;
      writeMessage(`${title}: ${amount} in ${seconds} s\n`);
    },
  };
}

/** How fast it goes: so many a second, or, where it is slower than that, so many seconds for each. */
function formatRate(value: number, began: number, unit: string): string {
  const perSecond = value / Math.max((Date.now() - began) / 1_000, 1e-3);
  if (unit === "bytes") return `${(perSecond / 1e6).toFixed(0)} MB/s`;
  return perSecond < 1 ? `${(1 / perSecond).toFixed(1)} s each` : `${perSecond.toFixed(1)} ${unit}/s`;
}
