/**
 * The part of `@huggingface/tokenizers` that this package uses. Its own declarations import each other without file
 * extensions, which Node's module resolution cannot follow, so they come out untyped.
 */
declare module "@huggingface/tokenizers" {
  export class Tokenizer {
    constructor(tokenizer: object, config: object);
    /** Token ids with the tokenizer's own post-processing. */
    encode(text: string): { readonly ids: readonly number[] };
    token_to_id(token: string): number | undefined;
  }
}
