import { describeCutPairs, describeCutRenderPrompts } from "@measure-plantain/probe";
import type { SummaryContext } from "./summary-context.ts";
import type { Notice } from "./summary.ts";

/** Names what is not as it should be in a run. */
export function listNotices({
  audit,
  cutRenderPrompts,
  changedCaptures,
}: Pick<SummaryContext, "audit" | "cutRenderPrompts" | "changedCaptures">): Notice[] {
  return [
    ...(changedCaptures === undefined
      ? []
      : [
          {
            title: "Changed captures",
            text:
              `captures.safetensors is not what the run wrote: its SHA-256 is ${changedCaptures.found}, but the manifest says ` +
              `${changedCaptures.expected ?? "nothing"}. These are results of that file, not of the run.`,
          },
        ]),
    ...describeCutPairs(audit).map((sentence) => ({
      title: "Cut prompts",
      text: `${sentence} What stands beyond, the model has not read.`,
    })),
    ...(cutRenderPrompts === undefined
      ? []
      : [{ title: "Cut prompts of the fixed image", text: describeCutRenderPrompts(cutRenderPrompts) }]),
  ];
}
