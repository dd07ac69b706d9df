import { testExample } from "./test-example.ts";

testExample("text-encoder");
