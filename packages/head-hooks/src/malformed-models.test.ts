import fc from "fast-check";
import { describe, it } from "vitest";
import { buildForm, FORMS } from "../test/attention-forms.ts";
import { listActivations } from "./activations/list-activations.ts";
import { tapActivations } from "./activations/tap-activations.ts";
import { listProjections } from "./attention/projections.ts";
import { HeadHooksError } from "./head-hooks-error.ts";
import { hookModel } from "./hook/hook-model.ts";
import { listTaps } from "./hook/list-taps.ts";

const [form] = FORMS;
if (form === undefined) throw new Error("there are no forms");
const bytes = buildForm(form);

/** Fails unless hooking gives a model or the one error of this package. */
function attempt(input: Uint8Array): void {
  for (const action of [
    listProjections,
    listTaps,
    (model: Uint8Array): unknown => hookModel(model, { scale: true }),
    (model: Uint8Array): unknown => hookModel(model, { keepOutputs: false }),
    (model: Uint8Array): unknown =>
      tapActivations(model, {
        taps: listActivations(model).map((at) => ({ at, name: at.value, edit: at.elementType !== null })),
        keepOutputs: false,
      }),
  ]) {
    try {
      action(input);
    } catch (error) {
      if (!(error instanceof HeadHooksError)) throw error;
    }
  }
}

describe("a malformed model gives a typed error or is hooked", () => {
  it("truncated at every byte", () => {
    // The weights' values are stepped over, so the cuts inside of them are all alike.
    for (
      let length = 0;
      length < bytes.length;
      length += length < 4000 || length > bytes.length - 1500 ? 1 : 97
    ) {
      attempt(bytes.subarray(0, length));
    }
  });

  it("with bytes changed, moved and repeated at random", () => {
    const place = fc.nat(bytes.length - 1);
    const change = fc.oneof(
      fc.tuple(place, fc.nat(255)).map(
        ([at, byte]) =>
          (copy: Uint8Array) =>
            copy.fill(byte, at, at + 1),
      ),
      fc.tuple(place, place, fc.nat(64)).map(
        ([to, from, count]) =>
          (copy: Uint8Array) =>
            copy.copyWithin(to, from, from + count),
      ),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const copy = Uint8Array.from(bytes);
        for (const apply of changes) apply(copy);
        attempt(copy);
      }),
      { numRuns: 300 },
    );
  });
});
