import { buildTransformerModel, openTransformer } from "@measure-plantain/flux-runtime";
import { hookModel, readCapture, type TapSpec } from "@measure-plantain/head-hooks";
import type { PassInputs } from "../../passes/pass-inputs.ts";
import { listReplicates } from "../../settings/replicates.ts";
import type { ProbeContext } from "../../passes/probe-context.ts";
import type { PlantPlan } from "./plan-plant.ts";
import { valueAt } from "../../reading.ts";

/** The mean over all tokens, and over repetitions, of a single block's modulated input, for each pair and condition. */
export interface BlockInputs {
  readonly block: number;
  /** [pairs][2], each float64 [C]. */
  readonly means: readonly (readonly [a: Float64Array, b: Float64Array])[];
}

/**
 * Runs every pass of a run and takes the mean input of each block that a plan alters. Where the altered units will be cut
 * off from the rest of the network, they are cut off here too: later blocks then see what they will see.
 */
export async function measureBlockInputs(
  { checkpoint, settings, pairs, reporter, clock, runtime }: ProbeContext,
  inputs: PassInputs,
  { units, groupSize, gain }: PlantPlan,
): Promise<BlockInputs[]> {
  const blocks = [...new Set(units.map(({ block }) => block))].sort((one, other) => one - other);
  const taps = blocks.flatMap((block): TapSpec[] => [
    { at: `single_transformer_blocks.${block}.attn.to_qkv_mlp_proj`, path: `in.${block}` },
    { at: `single_transformer_blocks.${block}.attn.to_out`, path: `out.${block}` },
  ]);
  const { model, layout } = hookModel(await buildTransformerModel(checkpoint, runtime), {
    taps,
    groupSize: 1,
    reduction: "mean",
    scale: true,
  });
  const sectionOf = (path: string): { firstUnit: number; unitCount: number } => {
    const section = layout.sections.find((candidate) => candidate.path === path);
    if (section === undefined) throw new RangeError(`the hooked graph has no ${path}`);
    return section;
  };
  const { num_attention_heads, attention_head_dim } = checkpoint.transformer.config;
  const attentionChannels = num_attention_heads * attention_head_dim;
  const scale = new Float32Array(layout.unitCount).fill(1);
  for (const { block, firstChannel } of gain === 0 ? units : []) {
    const first = sectionOf(`out.${block}`).firstUnit + attentionChannels + firstChannel;
    scale.fill(0, first, first + groupSize);
  }
  const replicates = listReplicates(settings).length;
  const measured = blocks.map((block) => ({ block, means: [] as [Float64Array, Float64Array][] }));
  await clock.measure("measure block inputs", async (watch) => {
    const transformer = await openTransformer(checkpoint, {
      ...runtime,
      ...watch,
      rewriteGraph: () => model,
    });
    const reportDone = reporter.start("measuring block inputs", { unit: "pairs", total: pairs.length });
    try {
      for (const [done, pair] of pairs.entries()) {
        const run = async (condition: 0 | 1, replicate: number): Promise<Float32Array> => {
          const { extraOutputs } = await transformer.predict({
            ...(await inputs({ pair, condition, replicate })),
            extraInputs: { scale: { type: "float32", data: scale, shape: [scale.length] } },
          });
          return readCapture(extraOutputs, layout).data;
        };
        const repeat = async (condition: 0 | 1): Promise<Float64Array> => {
          const sum = new Float64Array(layout.unitCount);
          for (let replicate = 0; replicate < replicates; replicate += 1) {
            for (const [unit, value] of (await run(condition, replicate)).entries()) {
              sum[unit] = valueAt(sum, unit) + value / replicates;
            }
          }
          return sum;
        };
        const [a, b] = [await repeat(0), await repeat(1)];
        for (const { block, means } of measured) {
          const { firstUnit, unitCount } = sectionOf(`in.${block}`);
          const take = (all: Float64Array): Float64Array => all.slice(firstUnit, firstUnit + unitCount);
          means.push([take(a), take(b)]);
        }
        reportDone(done + 1);
      }
    } finally {
      await transformer.close();
    }
  });
  return measured;
}
