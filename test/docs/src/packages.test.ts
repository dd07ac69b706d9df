import { checkPages } from "./check-page.ts";
import { listPages } from "./pages.ts";
import { writeExampleModels } from "./example-models.ts";

checkPages(
  listPages()
    .map(({ path }) => path)
    .filter((path) => path.startsWith("packages/")),
  { prepare: writeExampleModels },
);
