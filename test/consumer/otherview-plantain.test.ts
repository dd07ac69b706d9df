import { expect, it } from "vitest";
import { run } from "./command.ts";
import { countLines, testExample } from "./test-example.ts";

testExample("otherview-plantain", {
  // A few of the passes are stored by then. The example's own test starts the program again, and compares its run folder
  // with that of a run that was not killed.
  before: async (place) => {
    await run("npm", ["run", "probe"], { ...place, killAt: /capturing passes: 7 of 60/ });
  },
  after: {
    title: "goes on where it was killed amid its passes, and ends with the bytes of a run that was not",
    check: ({ stdout, stderr }) => {
      const [, stored] = /^(\d+) of 60 passes are there already/m.exec(stderr) ?? [];
      expect(Number(stored)).toBeGreaterThanOrEqual(7);
      expect(Number(stored)).toBeLessThan(60);
      expect(stdout).toMatch(/^Both ways: the same image, captures, tables and figures, \d+ files/m);
    },
  },
});

it("examples/otherview-plantain has a run folder, resume, controls and a report in at most 30 lines", () => {
  expect(countLines("otherview-plantain")).toBeLessThanOrEqual(30);
});
