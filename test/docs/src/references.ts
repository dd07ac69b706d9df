import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Page } from "./pages.ts";
import { repository } from "./pages.ts";

/** A file, folder or heading that a page names. */
export interface Reference {
  /** The line, counted from 1. */
  readonly line: number;
  /** As the page has it. */
  readonly text: string;
  /** From the repository's root. */
  readonly path: string;
  /** The heading's anchor, without #. */
  readonly anchor: string | null;
}

/** Folders that paths in inline code may start with; other paths there are a user's own. */
const ofRepository = /^(?:packages|apps|docs|scripts|examples|test|\.changeset|\.github)\//;
const ofPackage = /^(?:src|test|bench|assembly|schema)\//;
/** What is made, not kept. */
const generated = /^(?:docs\/api\/|.*\/dist\/)/;

/** The files that a page names: links and images, and paths of the repository in inline code. */
export function findReferences({ path: page, markdown }: Page): Reference[] {
  const folder = dirname(page);
  const references: Reference[] = [];
  const withoutBlocks = markdown.replaceAll(/^( *)(`{3,}).*\n[\s\S]*?^ *\2 *$/gm, (block) =>
    block.replaceAll(/[^\n]/g, ""),
  );
  for (const [index, text] of withoutBlocks.split("\n").entries()) {
    const add = (written: string, base: string): void => {
      const [file = "", anchor = null] = written.split("#");
      const path = file === "" ? page : normalize(join(base, file));
      if (!generated.test(path)) references.push({ line: index + 1, text: written, path, anchor });
    };
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) if (isRelative(link)) add(link, folder);
    for (const [, link = ""] of text.matchAll(/(?:src|srcset|href)="([^"]+)"/g))
      if (isRelative(link)) add(link, folder);
    for (const [, code = ""] of text.matchAll(/`([^`]+)`/g)) {
      if (!/^[\w./@-]+(?:\/|\.\w+)$/.test(code) || /\bNAME\b/.test(code)) continue; // NAME is any
      if (ofRepository.test(code) && !(ofPackage.test(code) && existsSync(join(repository, folder, code))))
        add(code, ".");
      else if (ofPackage.test(code) && /^(?:packages|apps)\//.test(page)) add(code, folder);
    }
  }
  return references;
}

/** Why a reference leads nowhere, or null where it leads somewhere. */
export function explainBroken({ path, anchor }: Reference): string | null {
  const file = join(repository, path);
  if (!existsSync(file)) return `there is no ${path}`;
  if (anchor === null) return null;
  const headings = readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
  const anchors = Array.from(headings, ([, heading = ""]) => anchorOf(heading));
  return anchors.includes(anchor) ? null : `${path} has no heading #${anchor}`;
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function isRelative(link: string): boolean {
  return !/^(?:[a-z]+:|<)/.test(link);
}
