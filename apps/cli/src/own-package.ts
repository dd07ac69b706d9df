import { readFileSync } from "node:fs";

interface OwnPackage {
  readonly name: string;
  readonly version: string;
}

/** This program, as its package.json names it; one folder up, in the sources and in what is published. */
export const ownPackage: OwnPackage = readOwnPackage();

function readOwnPackage(): OwnPackage {
  const { name, version } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as OwnPackage;
  return { name, version };
}
