import { checkPages } from "./check-page.ts";

checkPages(["docs/writing-a-probe.md"], {
  copies: ["packages/head-hooks", "packages/paired-stats", "packages/prompts"],
});
