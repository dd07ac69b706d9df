/**
 * Puts flags where a message of the packages names an option: the packages know their options, and only the command line its
 * flags. "The option `maxSequenceLength`" becomes "--max-sequence-length".
 */
export function nameFlags(message: string): string {
  return message.replaceAll(/(?:the )?option `(\w+)`/gi, (_, name: string) => flagOf(name));
}

function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
