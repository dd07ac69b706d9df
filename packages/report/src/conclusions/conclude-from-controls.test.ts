import { beforeAll, describe, expect, test } from "vitest";
import {
  syntheticCaptures,
  syntheticContext,
  syntheticControl,
  syntheticLayout,
} from "../../test/synthetic-probe.ts";
import { analyzeCaptures, type Analysis } from "../statistics/analyze-captures.ts";
import type { SummarizedControl } from "../summary/control-summary.ts";
import { summarize } from "../summary/summarize.ts";
import type { SummaryContext } from "../summary/summary-context.ts";
import type { Conclusions } from "../summary/summary.ts";

const layout = syntheticLayout({ jointBlocks: 1, singleBlocks: 3, headsPerBlock: 2, headSize: 32 });
/** Two controls that a set's author names, of a contrast that no built-in set has. */
const matched = [
  { set: "reworded", differs: "in wording alone", rulesOut: "another wording moves these units as much" },
  { set: "warmth", differs: "in temperature", rulesOut: "these units respond to warmth, too" },
];

const strong = { block: "single.1", effect: 0.3 };
const plain = { ...syntheticContext(12), checkpoint: { id: "klein", isSynthesized: false } };
const context = { ...plain, promptSet: { ...plain.promptSet, controls: matched } };
let analysis: Analysis;

beforeAll(async () => {
  analysis = await analyzeCaptures(syntheticCaptures(layout, { pairs: 12, planted: strong }));
});

function control(...[options]: [Parameters<typeof syntheticControl>[1]]): Promise<SummarizedControl> {
  return syntheticControl({ analysis, context }, options, layout);
}

/** What the summary concludes, each list as one text. */
async function conclude(
  controls: readonly Promise<SummarizedControl>[],
  run: Partial<SummaryContext> = {},
): Promise<Record<keyof Conclusions, string>> {
  const { conclusions } = summarize(analysis, { ...context, ...run }, await Promise.all(controls));
  return { may: conclusions.may.join("\n"), mayNot: conclusions.mayNot.join("\n") };
}

const count = (): number => analysis.granularities[0]?.signFlip?.thresholds[0]?.observed ?? NaN;
const weights = (seed: number, planted = { block: "single.1", effect: 0 }): Promise<SummarizedControl> =>
  control({ name: `random-weights-${seed}`, kind: "weights", seed: 100 + seed, planted });

describe("random weights", () => {
  test("that all count less let the run stand out, by a p that their number bounds", async () => {
    const { may, mayNot } = await conclude([weights(1), weights(2), weights(3)]);
    expect(may).toMatch(
      new RegExp(
        `Of random weights of the same shape \\(3 seeds\\), \\d+, \\d+ and \\d+ groups are over \\|t\\| = 3, of this run ` +
          `${count()}: more than a network .* \\(p = 0\\.25, the smallest that 3 seeds can give\\)`,
      ),
    );
    expect(mayNot).not.toMatch(/random weights/);
  });

  test("of which one counts as much forbid to speak of what was learned", async () => {
    const { may, mayNot } = await conclude([weights(1), weights(2, { block: "single.1", effect: 0.6 })]);
    expect(mayNot).toMatch(/random weights .*2 seeds.*: no more than a network of this shape may give/);
    expect(may).not.toMatch(/more than a network/);
  });

  test("beside random weights are more of the same, and no evidence", async () => {
    const { may, mayNot } = await conclude([weights(1)], { checkpoint: { id: "tiny", isSynthesized: true } });
    expect(may).toMatch(/1 seed.*of the random weights of this run \d+: such counts need no training/);
    expect(mayNot).toMatch(/A run on trained weights has to exceed this one/);
  });
});

describe("the checkpoint without its adapters", () => {
  test("lets the run say what they changed, if the difference of the contrasts is beyond chance", async () => {
    const { may, mayNot } = await conclude([control({ name: "base", kind: "base", seed: 2 })]);
    expect(may).toMatch(
      /Without its adapters, klein puts \d+ groups? over \|t\| = 3, with them \d+; t correlate with r = .*; the difference of both contrasts, pair by pair, puts \d+ over it \(99th percentile of its null [\d.]+, p = 0\.005\): the adapters change how the units respond/,
    );
    expect(mayNot).not.toMatch(/adapters/);
  });

  test("forbids it if the difference does not show", async () => {
    const evidence = await control({ name: "base", kind: "base", seed: 2 });
    const granularities = evidence.comparison.granularities.map(({ difference, ...granularity }) => ({
      ...granularity,
      difference: difference && {
        ...difference,
        thresholds: difference.thresholds.map((tested) => ({ ...tested, p: 0.06 })),
      },
    }));
    const comparison = { ...evidence.comparison, granularities };
    const { may, mayNot } = await conclude([Promise.resolve({ ...evidence, comparison })]);
    expect(mayNot).toMatch(
      /Without its adapters, klein .* p = 0\.06\d*\): that the adapters change .* does not show/,
    );
    expect(may).not.toMatch(/adapters/);
  });

  test("that captures the very same, as at a scale of 0, says that nothing differs", async () => {
    const { mayNot } = await conclude([control({ name: "base", kind: "base", seed: 1, planted: strong })]);
    expect(mayNot).toMatch(
      /Without its adapters, klein .* r = 1\.00\. The difference is not tested: nothing in it varies\./,
    );
  });
});

describe("a matched prompt set", () => {
  test("that shows less, by a tested difference, lets the run say more than it", async () => {
    const { may, mayNot } = await conclude([
      control({ name: "reworded", kind: "prompts", set: "reworded", seed: 2 }),
    ]);
    expect(may).toMatch(
      /differ in wording alone \(reworded\) put \d+ groups? over \|t\| = 3, this run \d+; the difference of both contrasts, pair by pair, puts \d+ over it \(99th percentile of its null [\d.]+, p = 0\.005\): what this run shows is more/,
    );
    expect(mayNot).not.toMatch(/\(reworded\) put/);
  });

  test("that shows as much forbids to take the count for a sign of the contrast", async () => {
    const { may, mayNot } = await conclude([
      control({
        name: "warmth",
        kind: "prompts",
        set: "warmth",
        seed: 3,
        planted: { block: "single.1", effect: 0.6 },
      }),
    ]);
    expect(mayNot).toMatch(
      /differ in temperature \(warmth\) put \d+ groups over \|t\| = 3, this run \d+: no more than the control, so the count is no sign of "large" against "small"/,
    );
    expect(may).not.toMatch(/warmth/);
  });

  test("of other pairs is only set beside the run", async () => {
    const evidence = await control({ name: "mine", kind: "prompts", set: "mine", seed: 4 });
    const { granularities, ...compared } = evidence.comparison;
    const comparison = {
      ...compared,
      unpaired: "the pairs of the two do not correspond",
      granularities: granularities.map((granularity) => ({ ...granularity, difference: null })),
    };
    const { mayNot } = await conclude([Promise.resolve({ ...evidence, comparison })]);
    expect(mayNot).toMatch(
      /Pairs that differ as "large" from "small" \(mine\) put .* their difference is not tested: the pairs of the two do not correspond\./,
    );
  });

  test("re-paired within a condition differ in words, but not in the contrast", async () => {
    const { may } = await conclude([
      control({ name: "shuffled", kind: "prompts", set: "shuffled", seed: 5 }),
    ]);
    expect(may).toMatch(/differ in their words, but not in the contrast \(shuffled\) put \d+ groups/);
  });
});

test("the same probe under other settings is compared unit by unit", async () => {
  const { may } = await conclude([control({ name: "noise-1", kind: "settings", seed: 1, planted: strong })]);
  expect(may).toMatch(
    new RegExp(
      `other settings \\(noise-1\\) puts ${count()} groups over \\|t\\| = 3, this run ${count()}; t correlate with r = 1\\.00, ` +
        `and 10 of the 10 strongest`,
    ),
  );
});

test("a control of which nothing varies puts no group over the threshold", async () => {
  const { meanSquare } = syntheticCaptures(layout, { pairs: 12 });
  const still = await analyzeCaptures({
    layout,
    meanSquare: { ...meanSquare, data: meanSquare.data.map(() => 1) },
  });
  const evidence = await control({ name: "identical", kind: "prompts", set: "synthetic-identical" });
  const summary = { ...summarize(still, context), promptSet: evidence.summary.promptSet };
  const { may } = await conclude([Promise.resolve({ ...evidence, summary })]);
  expect(may).toMatch(/differ in nothing but their noise \(synthetic-identical\) put 0 groups over/);
});

describe("the controls that the prompt set names", () => {
  test("are spoken of as it says", async () => {
    const reworded = control({ name: "reworded", kind: "prompts", set: "reworded", seed: 2 });
    const { may, mayNot } = await conclude([reworded]);
    expect(`${may}\n${mayNot}`).toMatch(
      /Pairs that differ in wording alone \(reworded\) put \d+ groups over/,
    );
  });

  test("are asked for if there is no control", async () => {
    expect((await conclude([])).mayNot).toMatch(
      /no control: .* on random weights; on pairs that differ in wording alone \(reworded\); on pairs that differ in temperature \(warmth\)\./,
    );
  });

  test("are missed by what they rule out if only some were run", async () => {
    const { mayNot } = await conclude([
      weights(1),
      control({ name: "reworded", kind: "prompts", set: "reworded", seed: 2 }),
    ]);
    expect(mayNot).not.toMatch(/no control/);
    expect(mayNot).toMatch(
      /Pairs that differ in temperature \(warmth\) were not run as a control, so this run does not exclude that these units respond to warmth, too\./,
    );
  });

  test("are not missed if all were run", async () => {
    const sets = matched.map(({ set }, place) =>
      control({ name: set, kind: "prompts", set, seed: 10 + place }),
    );
    expect((await conclude([weights(1), ...sets])).mayNot).not.toMatch(/not run as a control|no control/);
  });

  test("are none if it names none: only random weights are asked for", async () => {
    expect((await conclude([], plain)).mayNot).toMatch(/no control: .* the same probe on random weights\./);
  });
});

describe("the distance of the prompts' embeddings", () => {
  const distances = { median: 8, least: 2, greatest: 9 };
  const concludeFromDistances = async (median: number, set: string): Promise<string> => {
    const made = await control({ name: set, kind: "prompts", set, seed: 2 });
    const summary = { ...made.summary, embeddingDistance: { ...distances, median } };
    const moved = { ...analysis, embeddingDistances: [2, ...Array<number>(10).fill(8), 9] };
    const { conclusions } = summarize(moved, context, [{ ...made, summary }]);
    return conclusions.mayNot.join("\n");
  };

  test("of a control whose texts move the embedding less makes it no control of strength", async () => {
    expect(await concludeFromDistances(4, "reworded")).toMatch(
      /The texts of reworded move the prompt embedding 50\.0 % as far as those of this run .*no control of strength/,
    );
  });

  test("of a control whose texts move it about as far, or of equal texts, is not spoken of", async () => {
    expect(await concludeFromDistances(7.5, "reworded")).not.toMatch(/prompt embedding/);
    expect(await concludeFromDistances(0, "synthetic-identical")).not.toMatch(/prompt embedding/);
  });
});
