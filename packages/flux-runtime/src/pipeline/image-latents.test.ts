import { expect, it } from "vitest";
import { deviation, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import { packLatents, patchifyLatents } from "../sampling/latent-layout.ts";
import { decodeLatents, denormalizeLatents, encodeImages, pixelsPerToken } from "./image-latents.ts";

it("an encoded image equals the reference's normalised latents", async () => {
  const expected = await readExpected();
  const [latents] = await encodeImages(await openKleinTiny(), [expected("vae.input")]);
  expect(latents?.size).toEqual({ height: 4, width: 6 });
  expect(latents && deviation(latents.tokens, packLatents(expected("vae.image_latents")))).toBeLessThan(1e-4);
});

it("denormalizing undoes the normalisation", async () => {
  const expected = await readExpected();
  const tokens = packLatents(expected("vae.image_latents"));
  const latent = await denormalizeLatents(await openKleinTiny(), { tokens, size: { height: 4, width: 6 } });
  expect(deviation(latent, expected("vae.latent_mode"))).toBeLessThan(1e-5);
  expect(deviation(patchifyLatents(latent), patchifyLatents(expected("vae.latent_mode")))).toBeLessThan(1e-5);
});

it("decoded latents equal the reference's image", async () => {
  const expected = await readExpected();
  const tokens = packLatents(expected("vae.image_latents"));
  const image = await decodeLatents(await openKleinTiny(), { tokens, size: { height: 4, width: 6 } });
  expect(deviation(image, expected("vae.decoded"))).toBeLessThan(1e-4);
});

it("a token covers the autoencoder's reduction times its patch", async () => {
  expect(pixelsPerToken(await openKleinTiny())).toBe(16);
});
