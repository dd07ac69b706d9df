import type { FolderHolder, OnProgress, PlannedDownload } from "@measure-plantain/flux-runtime";
import type { ProbeNote } from "@measure-plantain/probe";
import { startBar, type ProgressBar } from "./progress-bar.ts";
import { writeMessage } from "./write-text.ts";

/** What people see of a command on stderr: the callbacks that the packages take. */
export interface Display {
  /** A bar for each stage, one after the other. */
  readonly onProgress: OnProgress;
  readonly onNote: (note: ProbeNote) => void;
  readonly onDownload: (download: PlannedDownload) => void;
  readonly onWait: (holder: FolderHolder) => void;
  /** A line that stays. */
  readonly note: (text: string) => void;
}

/** Milliseconds that work in percent may take before a person is shown how far it is. */
const PATIENCE = 2_000;

/** The bar that is shown, to be ended before anything else is written or the command ends. */
let shown: { readonly stage: string; readonly bar: ProgressBar } | undefined;

/** Ends the bar that is shown, if one is. */
export function endBar(): void {
  shown?.bar.stop();
  shown = undefined;
}

/** Shows stages, notes and warnings; only warnings when quiet. */
export function createDisplay({ quiet }: { readonly quiet: boolean }): Display {
  const write = (text: string): void => {
    endBar();
    writeMessage(`${text}\n`);
  };
  const note = (text: string): void => {
    if (!quiet) write(text);
  };
  const onProgress: OnProgress = ({ stage, stageNumber, stages, done, total, unit, elapsedMs }) => {
    if (quiet || (unit === "%" && elapsedMs < PATIENCE && shown === undefined)) return;
    const title = stages > 1 ? `${stageNumber}/${stages} ${stage}` : stage;
    if (shown?.stage !== title) {
      if (done === total && done > 0) return; // it was over before it could be shown
      endBar();
      shown = { stage: title, bar: startBar(title, { unit, total }) };
    }
    shown.bar.update(done, total);
    if (done >= total && total > 0) endBar();
  };
  return {
    onProgress,
    note,
    onNote: ({ kind, text }) => {
      if (kind === "warning") write(text);
      else note(text);
    },
    onDownload: (download) => {
      note(describeDownload(download));
    },
    onWait: ({ pid, host }) => {
      note(`Waiting for process ${pid} on ${host}, which is downloading from the same repository.`);
    },
  };
}

function describeDownload({
  repository,
  commit,
  folder,
  files,
  bytes,
  cachedBytes,
}: PlannedDownload): string {
  const there = cachedBytes > 0 ? `, ${formatBytes(cachedBytes)} of it is there already` : "";
  return `Downloading ${repository} (commit ${commit.slice(0, 12)}) into ${folder}: ${files} files, ${formatBytes(bytes)}${there}.`;
}

function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
