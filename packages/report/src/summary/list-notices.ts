import { describeCutPairs, describeCutRenderPrompts } from "@measure-plantain/probe";
import type { Notice } from "./notice.ts";
import type { SummaryContext } from "./summary.ts";

/** Names what is not as it should be in a run and in its controls. */
export function listNotices({
  audit,
  cutRenderPrompts,
  changedCaptures,
  controls = [],
}: Pick<SummaryContext, "audit" | "cutRenderPrompts" | "changedCaptures" | "controls">): Notice[] {
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
    ...controls.flatMap(({ name, notices = [] }) =>
      notices.map(({ title, text }) => ({ title: `Control ${name}: ${title}`, text })),
    ),
  ];
}
