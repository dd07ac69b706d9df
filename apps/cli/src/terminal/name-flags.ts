/** Options of the packages whose flag has another name. */
const flags: ReadonlyMap<string, string> = new Map([
  ["autoencoder", "--vae"],
  ["controls", "--control"],
  ["loras", "--lora"],
  ["noise", "--independent-noise"],
  ["noiseSeeds", "--seed or --noise-seeds"],
  ["referenceCount", "--references"],
  ["referenceFiles", "--reference"],
  ["rotaryFrequencies", "--rope-frequencies"],
  ["taps", "--tap"],
]);

/** The flag of an option, by the option's name: `--max-sequence-length` of `maxSequenceLength`. */
function flagOf(option: string): string {
  const dashed = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return flags.get(option) ?? `--${dashed}`;
}

/**
 * Puts flags where a message of the packages names an option: the packages know their options, and only the command line its
 * flags. "The option `maxSequenceLength`" becomes "--max-sequence-length", and "option `device: "cpu"`" becomes "--device cpu".
 */
export function nameFlags(message: string): string {
  return message.replaceAll(
    /(?:the )?option `(\w+)(?:: "?([^"`]+)"?)?`/gi,
    (_, name: string, value?: string) => (value === undefined ? flagOf(name) : `${flagOf(name)} ${value}`),
  );
}
