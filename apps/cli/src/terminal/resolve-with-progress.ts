import {
  resolveCheckpoint,
  type PlannedDownload,
  type ResolvedCheckpoint,
} from "@measure-plantain/flux-runtime";
import type { Progress } from "./progress.ts";
import { showProgress } from "./show-progress.ts";

/** As `resolveCheckpoint`, with what it downloads or makes on stderr. */
export function resolveWithProgress(
  name: string,
  {
    progress,
    offline,
    signal,
  }: { readonly progress: Progress; readonly offline: boolean; readonly signal: AbortSignal },
): Promise<ResolvedCheckpoint> {
  const onDownload = (download: PlannedDownload): void => {
    progress.note(describeDownload(download));
  };
  return showProgress(progress, (onProgress) =>
    resolveCheckpoint(name, { offline, signal, onProgress, onDownload }),
  );
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
