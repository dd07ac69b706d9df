import { delimiter, join } from "node:path";
import { chromiumFolder } from "./unpack-chromium.ts";

/**
 * The variables by which a process finds a GPU that computes on the processor: SwiftShader, which comes with the Chromium of
 * npm; undefined where npm installs none. A driver that `VK_ICD_FILENAMES` names is taken instead.
 */
export async function findSoftwareGpu(): Promise<Readonly<Record<string, string>> | undefined> {
  if (process.env["VK_ICD_FILENAMES"]) return {}; // another adapter is to be tested
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = await chromiumFolder();
  const libraries = [folder, process.env["LD_LIBRARY_PATH"]];
  return {
    LD_LIBRARY_PATH: libraries.filter((path) => path !== undefined).join(delimiter),
    VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
  };
}
