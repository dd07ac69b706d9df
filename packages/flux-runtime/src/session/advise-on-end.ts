import { SESSION_HOST_VARIABLE } from "./find-session-host.ts";

/** What is known of a model's process that ended before it replied. */
export interface UnexpectedEnd {
  /** The signal, or the exit code in words. */
  readonly how: string;
  /** The last that it wrote to standard error. */
  readonly stderr: string;
  /** The file that it ran. */
  readonly program: string;
  /** Whether it replied to anything before. */
  readonly hasReplied: boolean;
}

/** Says what to do about the end of a model's process. */
export function adviseOnEnd({ how, stderr, program, hasReplied }: UnexpectedEnd): string {
  // Only the end that the system itself makes of a process speaks of memory; shells and containers tell it as 137.
  if (how === "SIGKILL" || how === "exit code 137") {
    return "The most frequent reason is too little memory; try a smaller size.";
  }
  if (/\b(ERR_)?MODULE_NOT_FOUND\b/.test(stderr)) {
    return `Install what it lacks where ${program} finds it: a bundle leaves native packages, such as onnxruntime-node, to node_modules.`;
  }
  if (!hasReplied && how.startsWith("exit code")) {
    return `It ran ${program}. If that is not the file of @measure-plantain/flux-runtime/session-host, set the option \`sessionHost\` or the variable ${SESSION_HOST_VARIABLE} to that file.`;
  }
  return "That is a fault in ONNX Runtime, or the model makes it fail; load the weights the other way (`weights`: mapped or resident), and report these words where it happens again.";
}
