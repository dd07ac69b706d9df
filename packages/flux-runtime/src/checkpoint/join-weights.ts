import { isAbsolute, relative, sep } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import type { WeightSource } from "../graph/model-graph.ts";
import { commonFolder } from "./common-folder.ts";
import type { ComponentWeights } from "./component-weights.ts";
import type { LocatedWeight } from "./located-weight.ts";

/** Weights of several files or folders, as one graph names them. */
export interface JoinedWeights extends WeightSource {
  /** The deepest folder below which all of them lie. */
  readonly externalDataFolder: string;
}

/**
 * Joins the weights of a model with those of its adapters: each is located relative to the folder that has all of them.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where an adapter lies on another drive than the model.
 */
export function joinWeights(model: ComponentWeights, adapters: readonly ComponentWeights[]): JoinedWeights {
  if (adapters.length === 0) return model;
  const parts = [model, ...adapters];
  const externalDataFolder = commonFolder(parts.map((part) => part.externalDataFolder));
  const places = new Map(parts.map((part) => [part, relative(externalDataFolder, part.externalDataFolder)]));
  for (const [{ folder }, place] of places) {
    if (!isAbsolute(place)) continue;
    throw new FluxRuntimeError(
      "invalid-argument",
      `The adapter ${folder} lies on another drive than the weights that it changes, ${model.folder}. Copy it to theirs.`,
      { option: "loras", file: folder, folder: model.folder },
    );
  }
  return {
    externalDataFolder,
    locate(name, shape) {
      const part = adapters.find(({ tensors }) => tensors.has(name)) ?? model;
      return moveBelow(places.get(part)?.split(sep) ?? [], part.locate(name, shape));
    },
  };
}

/** A weight, and what it is scaled by, as they are located from a folder above theirs. */
function moveBelow(place: readonly string[], weight: LocatedWeight): LocatedWeight {
  const location = [...place, weight.location].filter((piece) => piece !== "").join("/");
  return { ...weight, location, ...(weight.scale && { scale: moveBelow(place, weight.scale) }) };
}
