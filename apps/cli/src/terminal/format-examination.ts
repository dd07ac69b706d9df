import type { Device, MachineExamination } from "@measure-plantain/flux-runtime";

/** The table that a person reads. */
export function formatExamination(examination: MachineExamination): string {
  const { node, onnxruntime, devices, libraries, gpus, memory, disk, checkpoint, problems } = examination;
  const { estimate } = examination;
  const rows: [mark: string, what: string, found: string][] = [
    [mark(node.ok), "Node", `${node.version} (needed: ${node.needed} or later)`],
    [mark(devices.cpu.works), "onnxruntime-node", onnxruntime.version],
    [mark(devices.cpu.works), "CPU", devices.cpu.works ? "a model ran on it" : devices.cpu.reason],
    [
      devices.cuda.works ? mark(true) : "–",
      "CUDA",
      devices.cuda.works ? "a model ran on it" : `does not work: ${firstLine(devices.cuda.reason)}`,
    ],
    [
      devices.webgpu.works ? mark(true) : "–",
      "WebGPU",
      devices.webgpu.works
        ? (devices.webgpu.note ?? "known answers came out right on it")
        : `does not work: ${firstLine(devices.webgpu.reason)}`,
    ],
    ...(gpus.length === 0 ? [["–", "GPU", "none seen by nvidia-smi"] as [string, string, string]] : []),
    ...gpus.map(({ name, driver, totalMemory, freeMemory }): [string, string, string] => [
      mark(true),
      "GPU",
      `${name}, driver ${driver}, ${bytes(freeMemory)} of ${bytes(totalMemory)} free`,
    ]),
    ...libraries.map(({ name, purpose, path, install }): [string, string, string] => [
      path === null ? "–" : mark(true),
      purpose,
      path ?? `${name} was not found; to install it: ${install}`,
    ]),
    [mark(true), "Memory", `${bytes(memory.available)} of ${bytes(memory.total)} available`],
    [mark(checkpoint.bytesToCome <= disk.free), "Disk", `${bytes(disk.free)} free for ${disk.folder}`],
    [mark(checkpoint.problem === null), "Checkpoint", describeCheckpoint(checkpoint)],
  ];
  const width = Math.max(...rows.map(([, what]) => what.length));
  const lines = rows.map(([sign, what, found]) => `${sign} ${what.padEnd(width)}  ${found}`);
  const verdict =
    problems.length === 0
      ? [`A run can work here, on ${deviceName(estimate?.device ?? "cpu")}.`]
      : ["A run cannot work here:", ...problems.map((problem) => `✗ ${problem}`)];
  return [...lines, "", ...formatEstimate(examination), ...verdict].join("\n");
}

function formatEstimate({ estimate }: MachineExamination): string[] {
  if (estimate === null) return [];
  const { device, assumptions, isGuided, throughput, stages, seconds, privateMemory } = estimate;
  const { width, height, passes, referenceSteps, textTokens } = assumptions;
  const rows = stages.map(
    ({ stage, passes: calls, seconds: each, privateMemory: memory, residentMemory }) => [
      stage,
      String(calls),
      duration(each),
      bytes(memory),
      bytes(residentMemory),
    ],
  );
  const table = [["stage", "passes", "time", "memory", "with weights"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
  return [
    `Estimate of a run of ${passes} passes at ${width} × ${height} pixels with ${textTokens} text tokens, reference in ${referenceSteps} ${isGuided ? "guided " : ""}steps, on ${deviceName(device)}:`,
    ...lines.map((line) => `  ${line}`),
    `About ${duration(seconds)} and ${bytes(privateMemory)} of memory beside the weights, which are mapped from their files.`,
    `This is an estimate, not a measurement: operations counted from the models' sizes, divided by the ${(throughput / 1e9).toFixed(0)} GFLOP/s that a small model just reached here${device !== "cpu" ? " (a large one reaches more)" : ", with what else runs now"}.`,
    "",
  ];
}

function describeCheckpoint({
  which,
  state,
  folder,
  problem,
  bytesToCome,
}: MachineExamination["checkpoint"]): string {
  switch (state) {
    case "found":
      return `${which}: ${folder}`;
    case "made-on-first-use":
      return `${which}: not here yet; the first run makes it (${bytes(bytesToCome)})`;
    case "downloaded-on-first-use":
      return `${which}: not in the cache; the first run downloads it (about ${bytes(bytesToCome)} if it has the size of Klein base 4B)`;
    case "missing":
    case "broken":
      return problem ?? which;
  }
}

function deviceName(device: Device): string {
  return { cpu: "the CPU", cuda: "CUDA", webgpu: "WebGPU" }[device];
}

function mark(ok: boolean): string {
  return ok ? "✓" : "✗";
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
}

function bytes(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${(count / 1e6).toFixed(0)} MB`;
}

/** Two places are more than an estimate knows. */
function duration(seconds: number): string {
  if (seconds >= 5_400) return `${(seconds / 3_600).toFixed(1)} h`;
  if (seconds >= 90) return `${(seconds / 60).toFixed(0)} min`;
  return seconds >= 1 ? `${seconds.toFixed(0)} s` : "under 1 s";
}
