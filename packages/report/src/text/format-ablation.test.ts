import type { Ablation, AblationSettings, SetEffects, SetTest } from "@measure-plantain/probe";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { renderAblation } from "../page/sections/ablation-section.ts";
import { ablationMarkdown, formatAblation } from "./format-ablation.ts";

const effects: SetEffects = {
  units: [["single.1.head.0"], ["single.2.head.1"]],
  contrastMoved: [0.2, 0.4, 0.2, 0.4],
  contrastSize: [0, 0, 0, 0],
  disturbance: [0.1, 0.1, 0.1, 0.1],
};
const test: SetTest = { observed: 0.3, nullMean: 0.1, nullMinimum: 0.1, nullMaximum: 0.1, p: 0.5 };

function ablationOf(changes: Partial<AblationSettings>, name = "top 1"): Ablation {
  const settings: AblationSettings = {
    granularity: "head",
    method: "zero",
    rankBy: "half",
    top: [1],
    units: [],
    random: 1,
    seed: 0,
    pairs: [0, 1, 2, 3],
    device: "cpu",
    dtype: "float32",
    ...changes,
  };
  const [one, other] = [
    ["w", "x"],
    ["y", "z"],
  ] as const;
  const both = ["w", "x", "y", "z"];
  return {
    schemaVersion: 2,
    capturesSha256: null,
    settings,
    pairIds: both,
    folds:
      settings.rankBy === "half"
        ? [
            { rankedBy: one, tested: other },
            { rankedBy: other, tested: one },
          ]
        : [{ rankedBy: both, tested: both }],
    resampledFrom: null,
    definitions: { contrastMoved: "how far", contrastSize: "how long", disturbance: "how much" },
    contrastNorms: [1, 1, 1, 1],
    velocityNorms: [1, 1, 1, 1],
    deviationFromRun: 0,
    sets: [
      {
        name,
        size: 1,
        set: effects,
        random: [effects],
        tests: { contrastMoved: test, contrastSize: test, disturbance: test },
      },
    ],
  };
}

/** The result in the terminal, in the Markdown and on the page, on one line each. */
function textsOf(ablation: Ablation): string[] {
  const { document } = parseHTML(`<html><body>${renderAblation(ablation)?.markup ?? ""}</body></html>`);
  return [formatAblation(ablation), ablationMarkdown(ablation).join(), document.body.textContent].map(
    (text) => text.replaceAll(/\s+/g, " "),
  );
}

describe("terminal, Markdown and page say of an ablation", () => {
  it("that each half of the pairs ranked for the other", () => {
    for (const text of textsOf(ablationOf({}))) {
      expect(text).toContain("(2 and 2); each half ranked the units that were tried on the other");
      expect(text).not.toMatch(/circular/i);
    }
  });

  it("that it is circular if all pairs ranked", () => {
    for (const text of textsOf(ablationOf({ rankBy: "all" }))) {
      expect(text).toContain("Circular: the units were ranked by the same pairs that they were tried on");
      expect(text).not.toContain("each half ranked");
    }
  });

  it.each(["half", "all"] as const)(
    "that named units may be circular, and are ranked by none: %s",
    (rankBy) => {
      for (const text of textsOf(ablationOf({ rankBy }, "named"))) {
        expect(text).toContain("if this run's pairs suggested them, that is circular");
        expect(text).not.toMatch(/each half|ranked by the same/);
      }
    },
  );

  it.each([
    ["zero", "set to 0", "A unit at 0 is a state"],
    ["mean", "their mean over the tokens of all prompts", "A unit that is the same at every token"],
    [
      "resample",
      "their mean over the tokens of one prompt of another pair",
      "A unit that is the same at every token",
    ],
  ] as const)("what was put in a unit's place: %s", (method, replacement, limit) => {
    const [, markdown, page] = textsOf(ablationOf({ method }));
    for (const text of [markdown, page]) {
      expect(text).toContain(replacement);
      expect(text).toContain(limit);
    }
  });

  it("on the page, which pairs ranked which units", () => {
    const [, , page] = textsOf(ablationOf({}));
    expect(page).toContain("ranked by w, x: single.1.head.0");
    expect(page).toContain("ranked by y, z: single.2.head.1");
  });
});
