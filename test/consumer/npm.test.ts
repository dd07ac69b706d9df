import { testInstallation } from "./test-installation.ts";

testInstallation({
  name: "npm",
  add: ["npm", "install"],
  execute: ["npx", "--no-install"],
  tools: ["typescript@5.9", "@types/node@20"],
});
