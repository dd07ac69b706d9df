/** Qwen's special tokens that the chat template uses; they follow the ordinary vocabulary. */
const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"];

/** How Qwen's tokenizer cuts text into words before byte pairs are merged. */
const wordPattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The part of Qwen3's chat template that a single user message exercises. */
const chatTemplate =
  "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}" +
  "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}";

/**
 * The files of a small tokenizer of Qwen's kind: byte-level byte-pair encoding whose merges are learned from the given
 * text, so that its words come out in few tokens and any other text in more.
 *
 * Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016), algorithm 1.
 */
export function trainByteTokenizer(corpus: string, size: number): Readonly<Record<string, unknown>> {
  const alphabet = byteAlphabet();
  const merges = learnMerges(corpus, alphabet, size - alphabet.length - specialTokens.length);
  const ordinary = [...[...alphabet].sort(), ...merges.map(([left, right]) => left + right)];
  const vocabulary = Object.fromEntries(ordinary.map((token, id) => [token, id]));
  const added = specialTokens.map((content, index) => ({
    id: ordinary.length + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: !content.includes("think"),
  }));
  return {
    "tokenizer/tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: { type: "NFC" },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: wordPattern }, behavior: "Isolated", invert: false },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
        ],
      },
      post_processor: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: "",
        end_of_word_suffix: "",
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: vocabulary,
        merges: merges.map(([left, right]) => [left, right]),
      },
    },
    "tokenizer/tokenizer_config.json": {
      add_prefix_space: false,
      added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [String(id), token])),
      chat_template: chatTemplate,
      clean_up_tokenization_spaces: false,
      eos_token: "<|im_end|>",
      model_max_length: 131_072,
      pad_token: "<|endoftext|>",
      tokenizer_class: "Qwen2Tokenizer",
      unk_token: null,
    },
  };
}

/** One printable character for each byte: GPT-2's alphabet (openai/gpt-2, encoder.py, `bytes_to_unicode`). */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** Merges the most frequent neighbouring pair, the alphabetically first among equals, until enough are found. */
function learnMerges(
  corpus: string,
  alphabet: readonly string[],
  count: number,
): (readonly [string, string])[] {
  const encoder = new TextEncoder();
  const pieces = corpus.match(/ ?[\p{L}]+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+/gu) ?? [];
  let words = pieces.map((piece) => [...encoder.encode(piece)].map((byte) => alphabet[byte] ?? ""));
  const merges: (readonly [string, string])[] = [];
  while (merges.length < count) {
    const frequency = new Map<string, number>();
    for (const word of words) {
      for (const [index, left] of word.slice(0, -1).entries()) {
        const pair = `${left} ${word[index + 1] ?? ""}`;
        frequency.set(pair, (frequency.get(pair) ?? 0) + 1);
      }
    }
    const [best] = [...frequency].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    if (best === undefined || best[1] < 2) break;
    const [left = "", right = ""] = best[0].split(" ");
    merges.push([left, right]);
    words = words.map((word) => mergePair(word, left, right));
  }
  return merges;
}

function mergePair(word: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let index = 0; index < word.length; index += 1) {
    const token = word[index] ?? "";
    const isPair = token === left && word[index + 1] === right;
    merged.push(isPair ? left + right : token);
    if (isPair) index += 1;
  }
  return merged;
}
