/** A valid set of two pairs as plain data, to be spoiled by tests. */
export function tinySet(): Record<string, unknown> & { pairs: Record<string, unknown>[] } {
  return {
    name: "tiny",
    version: "1.0.0",
    title: "Two pairs",
    labels: { a: "small", b: "large" },
    pairs: [
      { id: "one", a: "a 1-millimeter object", b: "a 1-kilometer object" },
      { id: "two", a: "a tiny object", b: "a huge object" },
    ],
  };
}

export const tinyReference = {
  prompt: "a grey object",
  seed: 0,
  steps: 14,
  guidance: 4,
  width: 1024,
  height: 512,
};
