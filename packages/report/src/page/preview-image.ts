import sharp from "sharp";

/** The longest side of an image on the page, in pixels: twice its width there. */
const LONGEST_SIDE = 640;

/** An image as the page shows it, small enough to travel within it; the file itself stays as it is. */
export async function previewImage(file: Uint8Array): Promise<{ image: Uint8Array; type: "image/webp" }> {
  const image = await sharp(file)
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: "inside", withoutEnlargement: true })
    .webp({ quality: 88 })
    .toBuffer();
  return { image, type: "image/webp" };
}
