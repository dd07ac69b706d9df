// Writes a software bill of materials of the published packages, CycloneDX 1.6 in JSON, from pnpm-lock.yaml.
// npm run sbom [-- FILE]
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Contrib, Enums, Models, Serialize, Spec, Validation } from "@cyclonedx/cyclonedx-library";
import parseExpression from "spdx-expression-parse";
import { listLicences } from "./licences.mjs";
import { packageFolders, readManifest } from "./published-packages.mjs";
import { readLockfile } from "./read-lockfile.mjs";

/** @typedef {import("./read-lockfile.mjs").Locked} Locked */

/**
 * @param {readonly import("./licences.mjs").Licensed[]} [installed]
 * @returns {Promise<string>} The bill of materials: the published packages and all that they bring at run time.
 * @throws {Error} Where it does not satisfy the schema of CycloneDX.
 */
export async function writeBillOfMaterials(installed = listLicences()) {
  const workspace = new Map(packageFolders.map((folder) => [folder, readManifest(folder)]));
  const graph = readLockfile(workspace);
  const licences = new Map(installed.map(({ name, version, licence }) => [`${name}@${version}`, licence]));
  for (const { name, version, license } of workspace.values()) licences.set(`${name}@${version}`, license);

  const components = new Map(
    [...graph].map(([key, locked]) => [
      key,
      toComponent(locked, licences.get(`${locked.name}@${locked.version}`)),
    ]),
  );
  const bom = new Models.Bom();
  bom.metadata.component = new Models.Component(
    Enums.ComponentType.Application,
    "measure-plantain-monorepo",
    {
      bomRef: "measure-plantain-monorepo",
    },
  );
  for (const [key, component] of components) {
    bom.components.add(component);
    for (const dependency of graph.get(key)?.dependsOn ?? []) {
      const needed = components.get(dependency);
      if (needed) component.dependencies.add(needed.bomRef);
    }
    if (workspace.has(key)) bom.metadata.component.dependencies.add(component.bomRef);
  }

  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const text = serializer.serialize(bom, { sortLists: true, space: 2 });
  const problems = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  if (problems !== null) throw new Error(`sbom: not valid CycloneDX 1.6: ${JSON.stringify(problems)}`);
  return `${text}\n`;
}

/**
 * @param {Locked} locked
 * @param {string} [licence] Unknown where a release is for another system than this one.
 * @returns {Models.Component}
 */
function toComponent({ name, version, integrity, optional }, licence) {
  const [, group, ownName = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const component = new Models.Component(Enums.ComponentType.Library, ownName, {
    bomRef: purl,
    purl,
    version,
    scope: optional ? Enums.ComponentScope.Optional : Enums.ComponentScope.Required,
  });
  if (group !== undefined) component.group = group;
  const [, digest] = /^sha512-(.+)$/.exec(integrity ?? "") ?? [];
  if (digest !== undefined) {
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], Buffer.from(digest, "base64").toString("hex"));
  }
  if (licence !== undefined) {
    component.licenses.add(
      new Contrib.License.Factories.LicenseFactory(parseExpression).makeFromString(licence),
    );
  }
  return component;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [file = "measure-plantain.cdx.json"] = process.argv.slice(2);
  writeFileSync(file, await writeBillOfMaterials());
  console.error(`sbom: wrote ${file}`);
}
