/** What the synthesised tokenizer learns its words from: the chat template's, and those in which sizes are spoken of. */
export const tokenizerCorpus: string = [
  "user assistant user assistant",
  "a neutral matte rounded grey object on a neutral grey background, even light, no other object, no horizon",
  "an object the size of a grain of sand, an object the size of a mountain, an object the size of a city",
  "an object smaller than a grain of sand, an object larger than a skyscraper, an object as wide as a continent",
  "an object measuring one micrometer across, an object measuring one kilometer across, a tiny object, a vast object",
  "a 1-millimeter object, a 1-kilometer object, a 10-micrometer-wide object, a 10-kilometer-wide object, nanometer",
  "a microscopic object, a colossal object, a gigantic object, a minuscule object that is a single photograph",
  "micron micrometer nanometers micrometers millimeters centimeters meters kilometers inches feet miles mile km mm nm",
  "one two five ten twenty fifty hundred thousand few half size scale dimensions tall wide thick long high across",
  "microscopic planetary molecular continental atomic cosmic virus moon bacterium atom star molecule human hair planet",
  "whole city red blood cell inland sea finest tallest peak on Earth no bigger no smaller less than more than",
  "A single, An image of one, One matte, A smooth, isolated on a plain, blank, empty, uniform, flat, soft background.",
  "render this kitchen from the viewpoint of the creature with the creature in it",
  "render this object with the same shape, the same material and the same light",
]
  .flatMap((line) => [line, line])
  .join("\n");
