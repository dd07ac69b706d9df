#!/usr/bin/env node
import { heedSignals } from "./interruption.ts";
import { runCommandLine } from "./run-command-line.ts";
import { heedClosedPipes } from "./terminal/closed-pipes.ts";

const interruption = heedSignals();
heedClosedPipes();
process.exitCode = await runCommandLine(process.argv.slice(2), interruption);
