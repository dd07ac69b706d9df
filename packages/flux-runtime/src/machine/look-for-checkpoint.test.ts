import { expect, it } from "vitest";
import { lookForCheckpoint } from "./look-for-checkpoint.ts";

it.each([
  { name: "somebody/FLUX.2-klein-base-4B", channels: 3_072, isDistilled: false },
  { name: "somebody/FLUX.2-klein-4B", channels: 3_072, isDistilled: true },
  { name: "somebody/FLUX.2-klein-base-9B", channels: 4_096, isDistilled: false },
  { name: "somebody/FLUX.2-klein-9b-kv", channels: 4_096, isDistilled: true },
  { name: "somebody/anything", channels: 3_072, isDistilled: false },
])("the sizes of $name, which nobody has seen yet, are guessed by its name", async (expected) => {
  const { record, sizes } = await lookForCheckpoint(expected.name, { offline: true });
  expect(record.state).toBe("missing");
  expect(sizes.transformer.channels).toBe(expected.channels);
  expect(sizes.isDistilled).toBe(expected.isDistilled);
});
