import { expect, test } from "vitest";
import { divergingColours } from "./paint-heat-map.ts";

test("divergingColours runs from the first colour over the middle one to the last", () => {
  const named = {
    "map-n2": "#000000",
    "map-n1": "#000040",
    "map-0": "#ffffff",
    "map-p1": "#400000",
    "map-p2": "#800000",
  };
  const colours = divergingColours((name) => named[name]);
  expect([colours[0], colours[64], colours[128], colours[192], colours[256]]).toEqual([
    "rgb(0,0,0)",
    "rgb(0,0,64)",
    "rgb(255,255,255)",
    "rgb(64,0,0)",
    "rgb(128,0,0)",
  ]);
});
