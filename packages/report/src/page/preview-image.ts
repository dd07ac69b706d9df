import sharp from "sharp";

/** The longest side of an image on the page, in pixels: twice its width there. */
const LONGEST_SIDE = 640;

/** A small copy of an image. */
export interface PreviewImage {
  readonly image: Uint8Array;
  readonly type: "image/webp";
}

/** An image as the page shows it, small enough to travel within it; the file itself stays as it is. */
export async function previewImage(
  file: Uint8Array,
  { longestSide = LONGEST_SIDE }: { readonly longestSide?: number } = {},
): Promise<PreviewImage> {
  const image = await sharp(file)
    .resize({ width: longestSide, height: longestSide, fit: "inside", withoutEnlargement: true })
    .webp({ quality: 88 })
    .toBuffer();
  return { image, type: "image/webp" };
}
