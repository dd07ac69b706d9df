import {
  resolveCheckpoint,
  type ComponentFiles,
  type LoraChoice,
  type ResolvedCheckpoint,
} from "@measure-plantain/flux-runtime";
import type { Display } from "../terminal/display.ts";

/** Models and adapters that were given as files of their own. */
export interface GivenComponents {
  readonly transformer?: string;
  readonly textEncoder?: string;
  readonly vae?: string;
  readonly lora?: readonly LoraChoice[];
}

/** Which checkpoint a command was told to take. */
export interface GivenCheckpoint extends GivenComponents {
  readonly checkpoint: string;
  readonly offline: boolean;
}

/** Opens the checkpoint that a command was told to take. */
export async function openGivenCheckpoint(
  options: GivenCheckpoint,
  { display, signal }: { readonly display: Display; readonly signal: AbortSignal },
): Promise<ResolvedCheckpoint> {
  const { checkpoint, offline } = options;
  const components = listComponents(options);
  const resolved = await resolveCheckpoint(checkpoint, { offline, components, signal, ...display });
  const base = resolved.source?.checkpoint;
  if (resolved.source?.transformer === checkpoint)
    display.note(`By its sizes, ${checkpoint} is a transformer of ${base}; what it lacks comes from there.`);
  return resolved;
}

/** The models and adapters that were given, and no others. */
export function listComponents({
  transformer,
  textEncoder,
  vae: autoencoder,
  lora: loras = [],
}: GivenComponents): ComponentFiles {
  return {
    ...(transformer !== undefined && { transformer }),
    ...(textEncoder !== undefined && { textEncoder }),
    ...(autoencoder !== undefined && { autoencoder }),
    ...(loras.length > 0 && { loras }),
  };
}
