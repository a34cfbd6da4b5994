/** The one foreign host of the map. */
import { expect, test } from "vitest";
import { foreignOrigin } from "./origin.ts";

const source = (kind: "pmtiles" | "xyz", url: string) => ({ kind, url, attribution: "Somebody" });

test("Only the host of the configured ground is let in, in the one way that its kind needs", () => {
  const tiles = source("xyz", "https://tiles.example.org:8443/{z}/{x}/{y}.png");
  expect(foreignOrigin(tiles, "xyz")).toEqual(["https://tiles.example.org:8443"]);
  expect(foreignOrigin(tiles, "pmtiles")).toEqual([]);
  expect(foreignOrigin(source("xyz", "https://{s}.example.org/{z}/{x}/{y}.png"), "xyz")).toEqual([
    "https://*.example.org",
  ]);
  expect(foreignOrigin(source("pmtiles", "https://maps.example.org/town.pmtiles"), "pmtiles")).toEqual([
    "https://maps.example.org",
  ]);
});

test("A path of this server and the built-in ground let nobody in", () => {
  expect(foreignOrigin(source("pmtiles", "/maps/town.pmtiles"), "pmtiles")).toEqual([]);
  expect(foreignOrigin({ kind: "builtin", attribution: "" }, "xyz")).toEqual([]);
});
