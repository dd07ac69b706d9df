import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { fillOnce } from "./fill-once.ts";

/** A Chromium on this machine. */
export interface InstalledBrowser {
  readonly executablePath: string;
  /** The environment of its process. */
  readonly env: NodeJS.ProcessEnv;
}

/** The package's own configuration names folders below /tmp. */
const FONTS_CONFIGURATION = `<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** The folder of `@sparticuz/chromium` unpacked, once into the cache folder of this package's `node_modules`. */
export async function chromiumFolder(): Promise<string> {
  const cache = join(import.meta.dirname, "../node_modules/.cache");
  const folder = join(cache, `chromium-${await readVersion()}`);
  await fillOnce(folder, unpackInto);
  return folder;
}

/** The Chromium in it. It needs nothing but glibc: the libraries and a font that a bare machine lacks come with it. */
export async function unpackChromium(): Promise<InstalledBrowser> {
  const folder = await chromiumFolder();
  const libraries = [join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]];
  return {
    executablePath: join(folder, "chromium"),
    env: {
      ...process.env,
      FONTCONFIG_PATH: join(folder, "fonts"),
      LD_LIBRARY_PATH: libraries.filter((path) => path !== undefined).join(delimiter),
    },
  };
}

async function readVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const manifest = await readFile(join(dirname(entry), "../../package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version; // every package.json has one
}

/** The package unpacks into the system's temporary folder, and its libraries on AWS Lambda only: a process is told both. */
async function unpackInto(folder: string): Promise<void> {
  const program = `import chromium from "@sparticuz/chromium"; await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs20.x" },
  });
  await writeFile(join(folder, "fonts/fonts.conf"), FONTS_CONFIGURATION);
  await chmod(join(folder, "chromium"), 0o755); // also for another user of the same checkout
}
