import { beforeAll, expect, inject, test } from "vitest";
import { packageFolders, readManifest } from "./published-packages.mjs";
import { writeBillOfMaterials } from "./sbom.mjs";

interface BillOfMaterials {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly {
    readonly "bom-ref": string;
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses?: readonly unknown[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

let bill: BillOfMaterials;

beforeAll(async () => {
  bill = JSON.parse(await writeBillOfMaterials(inject("licences"))) as BillOfMaterials; // valid, or it would have thrown
});

const reference = (name: string, version: string): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

test("it is CycloneDX 1.6 and names the published packages with their versions", () => {
  expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
  const references = bill.components.map((component) => component["bom-ref"]);
  for (const folder of packageFolders) {
    const { name, version } = readManifest(folder);
    expect(references).toContain(reference(name, version));
  }
});

test.each(packageFolders)("%s depends on what its package.json declares, and on nothing else", (folder) => {
  const { name, version, dependencies = {} } = readManifest(folder);
  const entry = bill.dependencies.find(({ ref }) => ref === reference(name, version));
  const names = (entry?.dependsOn ?? []).map((ref) =>
    decodeURIComponent(ref.slice("pkg:npm/".length, ref.lastIndexOf("@"))),
  );
  expect(names.sort()).toEqual(Object.keys(dependencies).sort());
});

test("what comes from the registry is named with the hash that the lockfile holds it to", () => {
  for (const component of bill.components.filter(({ "bom-ref": ref }) => !ref.includes("measure-plantain"))) {
    expect(component.hashes, component.name).toEqual([
      { alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) as string },
    ]);
  }
});

test("what every system needs is named with its licence, and nothing from development is named", () => {
  const named = new Map(bill.components.map((component) => [component.name, component]));
  for (const name of ["onnxruntime-node", "sharp", "zod", "plot"]) {
    expect(named.get(name)?.licenses, name).toHaveLength(1);
  }
  for (const name of ["vitest", "typescript", "eslint"]) expect(named.has(name), name).toBe(false);
});
