import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { readConfig, readJson } from "./read-config.ts";
import { recognizeFiles } from "./recognize-weights.ts";

/** What the index of a checkpoint says of the whole. */
export interface ModelIndex {
  /** A distilled model takes no guidance. */
  readonly isDistilled: boolean;
  /** Whether the model was trained so that reference images attend to themselves only, and are computed once. */
  readonly cachesReferences: boolean;
}

/** In the order in which they are looked for: the second is that of diffusers' modular pipelines. */
const INDEX_FILES = ["model_index.json", "modular_model_index.json"] as const;

/**
 * The pipelines of diffusers that are made of FLUX.2 Klein's models, each with what holds if the index does not say it. What they
 * do with the models differs; their models do not.
 *
 * Source: diffusers' `pipelines/flux2/pipeline_flux2_klein*.py` and `modular_pipelines/flux2/modular_pipeline.py`.
 */
const PIPELINES: Readonly<Record<string, ModelIndex>> = {
  Flux2KleinPipeline: { isDistilled: false, cachesReferences: false },
  Flux2KleinImg2ImgPipeline: { isDistilled: false, cachesReferences: false },
  Flux2KleinInpaintPipeline: { isDistilled: false, cachesReferences: false },
  Flux2KleinKVPipeline: { isDistilled: true, cachesReferences: true },
  Flux2KleinModularPipeline: { isDistilled: true, cachesReferences: false },
  Flux2KleinBaseModularPipeline: { isDistilled: false, cachesReferences: false },
};

/** Relatives that are asked for, and why they are not opened. */
const RELATIVES: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern: /^(Flux3|Qwen3VL)/,
    what: "FLUX.3, whose transformer has other blocks and whose text encoder is Qwen3-VL",
  },
  {
    pattern: /^(Flux2Pipeline|Flux2ModularPipeline|Mistral3|Pixtral)/,
    what: "FLUX.2-dev, whose text encoder is Mistral and whose transformer takes the guidance as an input",
  },
  { pattern: /^Flux[A-Z]/, what: "FLUX.1, whose transformer, text encoders and autoencoder are others" },
];

const indexSchema = z.object({
  _class_name: z.string().optional(),
  is_distilled: z.boolean().optional(),
});

/**
 * Reads the index of a checkpoint folder.
 *
 * @throws {FluxRuntimeError} `unreadable-file` if there is none, `unsupported-weights` if the folder holds weights of a known kind
 * instead; `unsupported-config` if the pipeline is not one of FLUX.2 Klein, or its models are in other repositories.
 */
export async function readModelIndex(root: string): Promise<ModelIndex> {
  const entries = await listEntries(root);
  const file = INDEX_FILES.find((name) => entries.includes(name));
  if (file === undefined) {
    refuseForeignFiles(root, entries);
    throw new FluxRuntimeError(
      "unreadable-file",
      `${root} is no checkpoint in the Hugging Face layout: it has no model_index.json (found: ${entries.slice(0, 8).join(", ") || "nothing"}). Give the folder that holds model_index.json.`,
      { folder: root, entries },
    );
  }
  const path = join(root, file);
  const { _class_name: received, is_distilled: isDistilled } = await readConfig(path, indexSchema);
  const components = await readComponents(path);
  const pipeline = Object.hasOwn(PIPELINES, received ?? "Flux2KleinPipeline")
    ? PIPELINES[received ?? "Flux2KleinPipeline"]
    : undefined;
  if (pipeline === undefined) throw otherPipeline(path, received ?? "", components);
  requireOwnComponents(path, components, entries);
  return { ...pipeline, ...(isDistilled !== undefined && { isDistilled }) };
}

/** A model of a pipeline: its class, and the repository that it is in if it is another one. */
interface IndexedComponent {
  readonly name: string;
  readonly className: string;
  readonly repository: string | undefined;
}

/** `[library, class]`; in a modular index, `[library, class, { pretrained_model_name_or_path, type_hint, … }]`. */
const componentSchema = z.tuple([z.string().nullable(), z.string().nullable()]).rest(
  z.object({
    pretrained_model_name_or_path: z.string().nullish(),
    type_hint: z.tuple([z.string().nullable(), z.string().nullable()]).nullish(),
  }),
);

async function readComponents(path: string): Promise<readonly IndexedComponent[]> {
  const entries = Object.entries(z.record(z.string(), z.unknown()).parse(await readJson(path)));
  return entries.flatMap(([name, value]) => {
    const { data } = componentSchema.safeParse(value);
    if (data === undefined) return [];
    const [, className, place] = data;
    const repository = place?.pretrained_model_name_or_path ?? undefined;
    return [{ name, className: className ?? place?.type_hint?.[1] ?? "", repository }];
  });
}

function otherPipeline(
  path: string,
  received: string,
  components: readonly IndexedComponent[],
): FluxRuntimeError {
  const classes = [received, ...components.map(({ className }) => className)];
  const relative = RELATIVES.find(({ pattern }) => classes.some((name) => pattern.test(name)));
  return new FluxRuntimeError(
    "unsupported-config",
    `${path} is a ${received}${relative === undefined ? "" : `: ${relative.what}`}; expected one of ${Object.keys(PIPELINES).join(", ")}. Use a FLUX.2 Klein checkpoint.`,
    { path, expected: Object.keys(PIPELINES), received },
  );
}

/** A modular index may only point to models. */
function requireOwnComponents(
  path: string,
  components: readonly IndexedComponent[],
  entries: readonly string[],
): void {
  const elsewhere = components.filter(
    ({ name, repository }) => repository !== undefined && !entries.includes(name),
  );
  if (elsewhere.length === 0) return;
  const places = elsewhere.map(({ name, repository }) => `${name} of ${repository}`);
  throw new FluxRuntimeError(
    "unsupported-config",
    `${path} holds no models but points to them: ${places.join(", ")}. Open the repository that has the models, or save the pipeline with them.`,
    { path, elsewhere: places },
  );
}

async function listEntries(root: string): Promise<string[]> {
  return readdir(root).catch((cause: unknown) => {
    const isFile = cause instanceof Error && "code" in cause && cause.code === "ENOTDIR";
    if (isFile) refuseForeignFiles(root, [basename(root)]);
    throw new FluxRuntimeError(
      "unreadable-file",
      `The checkpoint folder ${root} cannot be read. Give the path of a folder that holds model_index.json.`,
      { folder: root },
      { cause },
    );
  });
}

/** For a folder without an index, or a file in its place. */
function refuseForeignFiles(root: string, files: readonly string[]): void {
  const foreign = recognizeFiles(files);
  if (foreign === undefined) return;
  throw new FluxRuntimeError(
    "unsupported-weights",
    `${root} is no checkpoint in the Hugging Face layout: it has no model_index.json, and ${foreign.evidence} looks like ${foreign.what}. ${foreign.advice}`,
    { folder: root, kind: foreign.what, evidence: foreign.evidence },
  );
}
