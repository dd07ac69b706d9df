import sharp from "sharp";

/** Dots per CSS inch: twice the size that a figure has on the page. */
const DENSITY = 144;

/** A figure's SVG document as the bytes of a PNG file, on its own white ground. */
export async function drawFigurePng(svg: string): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: DENSITY })
    .flatten({ background: "#ffffff" })
    .png({ compressionLevel: 9, palette: false })
    .toBuffer();
}
