import { readdir, readFile, readlink } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Where drivers are looked for; injectable for tests. */
export type VulkanEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Whether this system has a Vulkan driver to be loaded, by the files in which drivers are registered: without one, nothing needs
 * to be tried on Linux. Whether it finds a card is another matter.
 *
 * Source: the Khronos Vulkan loader, LoaderDriverInterface.md, "Driver Discovery".
 */
export async function hasVulkanDriver(environment: VulkanEnvironment = process.env): Promise<boolean> {
  const named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"];
  if (named.some((name) => environment[name])) return true;
  for (const folder of searchedFolders(environment)) {
    const files = await readdir(join(folder, "vulkan", "icd.d")).catch(() => []);
    if (files.some((file) => file.endsWith(".json"))) return true;
  }
  return false;
}

function searchedFolders(environment: VulkanEnvironment): string[] {
  const home = environment["HOME"] ?? homedir();
  const list = (name: string, usual: string): string[] => (environment[name] || usual).split(delimiter);
  return [
    ...list("XDG_CONFIG_HOME", join(home, ".config")),
    ...list("XDG_CONFIG_DIRS", "/etc/xdg"),
    "/etc",
    ...list("XDG_DATA_HOME", join(home, ".local", "share")),
    ...list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
  ];
}

/** The files of cards, which a driver that computes on one keeps open: AMD's and Intel's, NVIDIA's, and Windows' below Linux. */
const CARD = /^\/dev\/(?:dri\/|nvidia|dxg)/;

/** Drivers that compute on the processor, by the names of their libraries. */
const SOFTWARE_DRIVERS: readonly (readonly [library: string, name: string])[] = [
  ["libvk_swiftshader.so", "SwiftShader"],
  ["libvulkan_lvp.so", "lavapipe"],
];

/**
 * What the Vulkan driver of a process is called if it computes on the processor. The loader loads every driver that is
 * registered, with or without a card, so that the libraries alone do not tell.
 *
 * @returns `undefined` if the process has a card open, or the system does not tell, as all but Linux.
 */
export async function findSoftwareDriver(pid: number): Promise<string | undefined> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => null);
  if (descriptors === null) return undefined;
  const open = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")),
  );
  if (open.some((path) => CARD.test(path))) return undefined;
  const maps = await readFile(`/proc/${pid}/maps`, "utf8").catch(() => "");
  const names = SOFTWARE_DRIVERS.filter(([library]) => maps.includes(library)).map(([, name]) => name);
  return names.join(" or ") || "a driver without a card";
}
