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

function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
