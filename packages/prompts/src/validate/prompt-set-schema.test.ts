import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { toPromptSetJsonSchema } from "./prompt-set-schema.ts";

const published = fileURLToPath(new URL("../../schema/prompt-set.schema.json", import.meta.url));

test("the published JSON Schema is the one that the validating schema generates", async () => {
  const options = { ...(await resolveConfig(published)), parser: "json" };
  await expect(await format(JSON.stringify(toPromptSetJsonSchema()), options)).toMatchFileSnapshot(published);
});
