import { pinnedPnpm } from "./publish-packages.ts";
import { testInstallation } from "./test-installation.ts";

testInstallation({
  name: "pnpm",
  add: ["npx", "--yes", pinnedPnpm, "add"],
  execute: ["npx", "--yes", pinnedPnpm, "exec"],
  tools: ["typescript@7.0", "@types/node@22"],
});
