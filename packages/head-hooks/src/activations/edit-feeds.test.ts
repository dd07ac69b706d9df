import { describe, expect, it } from "vitest";
import { errorOf } from "../../test/error-of.ts";
import { transformerModel, WIDTH } from "../../test/transformer-model.ts";
import { type ActivationEdit, editFeeds } from "./edit-feeds.ts";
import { tapActivations } from "./tap-activations.ts";

const { layouts } = tapActivations(transformerModel({ names: "scopes", type: "float32", opset: 17 }), {
  taps: [{ at: "blocks.0", name: "stream", edit: true }, { at: "blocks.1" }],
});
const vector = { data: Float32Array.from({ length: WIDTH }, (_, channel) => channel), dims: [WIDTH] };

it("changes nothing by default, in as many axes as the activation has", () => {
  expect(editFeeds(layouts)).toEqual({
    "activation/stream/mask": { type: "bool", data: Uint8Array.of(0), dims: [1, 1, 1] },
    "activation/stream/replacement": { type: "float32", data: Float32Array.of(0), dims: [1, 1, 1] },
    "activation/stream/addition": { type: "float32", data: Float32Array.of(-0), dims: [1, 1, 1] },
  });
});

it("replaces at chosen batch items, tokens and channels by a mask that is no longer than it need be", () => {
  const edit = { replaceBy: vector, where: [[1, 2], null, [2, 4]], shape: [2, 3, WIDTH] } as const;
  const feeds = editFeeds(layouts, { stream: edit });
  const none = [0, 0, 0, 0, 0, 0, 0, 0];
  expect(feeds["activation/stream/mask"]).toEqual({
    type: "bool",
    data: Uint8Array.from([...none, 0, 0, 1, 1, 0, 0, 0, 0]),
    dims: [2, 1, WIDTH],
  });
  expect(feeds["activation/stream/replacement"]).toEqual({ type: "float32", ...vector });
  expect(feeds["activation/stream/addition"]?.data).toEqual(Float32Array.of(-0));
});

it("adds −0 where nothing is to be added", () => {
  const edit = { add: { data: [1], shape: [1] }, where: [null, [1, 2], null], shape: [1, 3, WIDTH] } as const;
  const { data, dims } = editFeeds(layouts, { stream: edit })["activation/stream/addition"] ?? {};
  expect(dims).toEqual([1, 3, 1]);
  expect(data).toEqual(Float32Array.of(-0, 1, -0));
});

describe("refuses, and says why", () => {
  const replaceBy = vector;
  it.each<[string, Record<string, ActivationEdit>, string, RegExp]>([
    [
      "a tap that there is not",
      { streams: { replaceBy } },
      "invalid-address",
      /called "streams"; the nearest are stream/,
    ],
    ["a tap without edit", { "blocks.1": { replaceBy } }, "invalid-address", /no tap with `edit`/],
    ["an edit of nothing", { stream: {} }, "shape-mismatch", /neither replaces nor adds/],
    [
      "values of another width",
      { stream: { add: { data: [1, 2, 3], dims: [3] } } },
      "shape-mismatch",
      /\[3\] do not broadcast to the activation's \[B, S, 8\]/,
    ],
    [
      "more axes than there are",
      { stream: { add: { data: [1], dims: [1, 1, 1, 1] } } },
      "shape-mismatch",
      /do not broadcast/,
    ],
    [
      "values that are fewer than their axes take",
      { stream: { add: { data: [1], dims: [2] } } },
      "shape-mismatch",
      /are 1, but \[2\] takes 2/,
    ],
    [
      "a range of an axis of unknown length",
      { stream: { replaceBy, where: [null, [0, 1], null] } },
      "shape-mismatch",
      /how long axis 1 is.*give `shape`/,
    ],
    [
      "a range that is not there",
      { stream: { replaceBy, where: [null, [2, 4], null], shape: [1, 3, WIDTH] } },
      "shape-mismatch",
      /\[2, 4\) of axis 1.*its 3 places/,
    ],
    [
      "an empty range",
      { stream: { replaceBy, where: [null, null, [4, 4]] } },
      "shape-mismatch",
      /\[4, 4\) of axis 2/,
    ],
    [
      "a range for each of too few axes",
      { stream: { replaceBy, where: [null] } },
      "shape-mismatch",
      /each of 3 axes; received 1/,
    ],
  ])("%s", (_, edits, code, message) => {
    const error = errorOf(() => editFeeds(layouts, edits));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });
});
