import { expect, it } from "vitest";
import { formatRepository, parseRepository } from "./hub-repository.ts";

it.each([
  ["owner/name", "owner/name", "main"],
  ["Owner-1/FLUX.2-klein@v1.0", "Owner-1/FLUX.2-klein", "v1.0"],
  ["owner/name@refs/pr/3", "owner/name", "refs/pr/3"],
])("parseRepository reads %s, and formatRepository writes it again", (text, name, revision) => {
  const repository = parseRepository(text);
  expect(repository).toEqual({ name, revision });
  expect(repository && formatRepository(repository)).toBe(text);
});

it.each([
  "name",
  "a/b/c",
  "../name",
  "owner/..",
  "owner/name@",
  "owner/name@../x",
  "owner/name@/x",
  "./x/y",
  "o/n@a\\b",
])("parseRepository takes %s for something else", (text) => {
  expect(parseRepository(text)).toBeNull();
});
