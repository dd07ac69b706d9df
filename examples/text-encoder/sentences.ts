/** Subjects and what they do; each gives a pair that differs in number alone, letter for letter: only the s moves. */
const rows = [
  ["dog", "sleep"],
  ["cat", "run"],
  ["bird", "sing"],
  ["boy", "read"],
  ["girl", "swim"],
  ["teacher", "wait"],
  ["farmer", "work"],
  ["driver", "stop"],
  ["doctor", "listen"],
  ["student", "learn"],
  ["horse", "jump"],
  ["lion", "roar"],
  ["duck", "walk"],
  ["king", "speak"],
  ["queen", "smile"],
  ["guest", "leave"],
  ["player", "win"],
  ["singer", "hum"],
  ["baker", "knead"],
  ["writer", "think"],
  ["river", "rise"],
  ["engine", "start"],
  ["door", "open"],
  ["lamp", "glow"],
  ["flower", "grow"],
  ["stone", "fall"],
  ["ship", "sink"],
  ["train", "arrive"],
  ["bell", "ring"],
  ["candle", "burn"],
] as const;

/** Singular and plural, as in "The dog sleeps." and "The dogs sleep." */
export const pairs: readonly { readonly a: string; readonly b: string }[] = rows.map(([noun, verb]) => ({
  a: `The ${noun} ${verb}s.`,
  b: `The ${noun}s ${verb}.`,
}));
