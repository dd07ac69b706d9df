import { html, type Html } from "../html.ts";
import type { ReportReference } from "../report-reference.ts";

/** How the run came about: the reference image, the command, the manifest. */
export function renderRun({
  manifest,
  reference,
  command,
}: {
  readonly manifest: object;
  readonly reference: ReportReference | undefined;
  readonly command: string | null;
}): Html {
  return html`<section id="run">
    <h2>The run</h2>
    ${
      reference === undefined
        ? null
        : html`<figure class="reference">
            <img
              src="data:${reference.type};base64,${Buffer.from(reference.image).toString("base64")}"
              alt="The reference image"
            />
            <figcaption>
              The fixed image that conditioned every
              pass.${reference.prompt === undefined ? null : html` <q dir="auto">${reference.prompt}</q>`}
            </figcaption>
          </figure>`
    }
    ${
      command === null
        ? null
        : html`<h3>To reproduce</h3>
            <pre><code>${command}</code></pre>
            <p>
              The same settings on the same kind of device write the same captures, byte for byte, and the
              same page but for the date. Every number on this page follows from
              <code>captures.safetensors</code> alone; all units are in <code>units.csv</code> and
              <code>heads.csv</code>.
            </p>`
    }
    <details>
      <summary>Manifest (timings and memory are in <code>manifest.json</code>)</summary>
      <pre><code>${JSON.stringify(manifest, null, 2)}</code></pre>
    </details>
  </section>`;
}
