import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { CodeBlock } from "./code-blocks.ts";

/** A reader's compiler options: strict, with the types of Node. */
const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  types: ["node"],
};

/** Compiles the TypeScript blocks of a page in a folder, each as a module of its own; what is wrong, by page and line. */
export function compileExamples(blocks: readonly CodeBlock[], folder: string): string[] {
  const files = new Map(
    blocks.map((block, index) => {
      const file = join(folder, `compiled-example-${index}.mts`);
      writeFileSync(file, block.text);
      return [file, block] as const;
    }),
  );
  const program = ts.createProgram([...files.keys()], options);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, "\n");
    const block = file && files.get(file.fileName);
    if (!block) return file ? `${file.fileName}: ${message}` : message;
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `${block.page}:${block.line + 1 + line}: ${message}`;
  });
}

/** The same module without its types, for a Node that does not strip them itself. */
export function stripTypes(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}
