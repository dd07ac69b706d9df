export { withoutMocks as default } from "../../vitest.base.ts";
