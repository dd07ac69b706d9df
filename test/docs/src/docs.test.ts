import { checkPages } from "./check-page.ts";
import { listPages } from "./pages.ts";

const elsewhere = /^packages\/|^docs\/writing-a-probe\.md$/;

checkPages(
  listPages()
    .map(({ path }) => path)
    .filter((path) => !elsewhere.test(path)),
);
