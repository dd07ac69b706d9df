// Holds the public types of libraries, entry by entry, against the reports that are committed as etc/NAME.api.md and etc/NAME.ENTRY.api.md.
// api-report.mjs [--update] [FOLDER...] checks, or with --update writes the reports anew; by default of all. Build first.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { packageFolders, root } from "./published-packages.mjs";

const options = process.argv.slice(2);
const update = options.includes("--update");
const asked = options.filter((option) => option !== "--update");
const libraries = packageFolders.filter((folder) => folder.startsWith("packages/"));
const folders = asked.length > 0 ? asked : libraries.map((folder) => join(root, folder));
if (folders.some((folder) => !existsSync(join(folder, "package.json")))) {
  console.error(`api-report: expected folders of packages, received ${folders.join(" ")}`);
  process.exit(2);
}

const problems = folders.flatMap((folder) =>
  listEntries(folder).flatMap((entry) => checkReport(resolve(folder), entry, update)),
);
for (const problem of problems) console.error(`api-report: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

/**
 * The entries of a library that have types: `index`, and for a subpath its name.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function listEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.values(exports).flatMap(({ types }) => (types ? [basename(types, ".d.ts")] : []));
}

/**
 * Extracts the API of one entry of a library, and compares or writes its report.
 *
 * @param {string} folder
 * @param {string} entry
 * @param {boolean} update
 * @returns {string[]} What is wrong.
 */
function checkReport(folder, entry, update) {
  const name = entry === "index" ? basename(folder) : `${basename(folder)}.${entry}`;
  const committed = join(folder, "etc", `${name}.api.md`);
  const { report, problems } = extract(folder, name, entry);
  if (update) {
    mkdirSync(join(folder, "etc"), { recursive: true });
    writeFileSync(committed, report);
  } else if (!existsSync(committed) || readFileSync(committed, "utf8") !== report) {
    problems.push(
      `the public types of ${name} are not those of ${relative(root, committed)}.\n` +
        `${firstDifference(existsSync(committed) ? readFileSync(committed, "utf8") : "", report)}\n` +
        `If the change is meant: npm run api-report, look at the difference, commit it with a changeset.`,
    );
  }
  return problems;
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {string} entry
 * @returns {{ report: string, problems: string[] }}
 */
function extract(folder, name, entry) {
  const temporary = join(root, "node_modules", ".api-report");
  mkdirSync(temporary, { recursive: true });
  /** @type {string[]} */
  const problems = [];
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, "package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, "dist", `${entry}.d.ts`),
      newlineKind: "lf",
      // Only the types that a consumer sees: a consumer's settings, not those of the sources.
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2023",
            lib: ["ES2023"],
            module: "NodeNext",
            moduleResolution: "NodeNext",
            strict: true,
            types: ["node"],
          },
          files: [`dist/${entry}.d.ts`],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: temporary,
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          // Stability is said by the version; there are no release tags.
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          // Further entries speak of types that the main one exports.
          ...(entry !== "index" && { "ae-forgotten-export": { logLevel: ExtractorLogLevel.None } }),
        },
        // The comments are read by editors and TypeDoc, which take "@throws {Name}" and braces in prose.
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel !== ExtractorLogLevel.Error) return;
      problems.push(`${name}: ${message.formatMessageWithLocation(folder)}`);
    },
  });
  return { report: readFileSync(join(temporary, `${name}.api.md`), "utf8"), problems };
}

/**
 * @param {string} before
 * @param {string} after
 * @returns {string} The first line in which the two differ.
 */
function firstDifference(before, after) {
  const [were, are] = [before.split("\n"), after.split("\n")];
  const at = are.findIndex((line, index) => line !== were[index]);
  return `  line ${at + 1}, was: ${were[at] ?? "(nothing)"}\n  line ${at + 1}, is:  ${are[at] ?? "(nothing)"}`;
}
