/** A ground from GeoJSON: what is understood, and what is refused with a reason. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { groundOf, readGround, saveGround } from "./ground.ts";

const feature = (type: string, coordinates: unknown, properties: object | null = null) => ({
  type: "Feature",
  properties,
  geometry: { type, coordinates },
});
const collection = (...features: object[]) => ({ type: "FeatureCollection", features });

const line = [
  [31.5, 33.5, 12],
  [31.6, 33.6],
];

test("Lines are streets and areas are built-up, unless they say what they are; heights and holes are left out", () => {
  const ground = groundOf(
    collection(
      feature("LineString", line),
      feature("MultiLineString", [line, line], { kind: "main" }),
      feature("Polygon", [line, line]),
      feature("MultiPolygon", [[line]], { kind: "water" }),
    ),
  );
  expect(ground.shapes.map(({ kind, isArea }) => [kind, isArea])).toEqual([
    ["street", false],
    ["main", false],
    ["main", false],
    ["built", true],
    ["water", true],
  ]);
  expect(ground.shapes[0]?.points).toEqual([
    [31.5, 33.5],
    [31.6, 33.6],
  ]);
});

test("What is no map, and what no phone could draw, is refused", () => {
  expect(() => groundOf({ type: "Topology" })).toThrow(/FeatureCollection/);
  expect(() => groundOf(collection(feature("LineString", [[200, 0], line[1]])))).toThrow(/180/);
  const long = Array.from({ length: 50_001 }, () => [31, 33]);
  expect(() => groundOf(collection(feature("LineString", long)))).toThrow(/50001 points/);
});

test("A ground is read as it was saved, the newest counts, and before the first there is an empty one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ground-"));
  try {
    expect(await readGround(folder)).toEqual({ shapes: [] });
    const ground = groundOf(collection(feature("LineString", line)));
    await saveGround(folder, { shapes: [] });
    await saveGround(folder, ground);
    expect(await readGround(folder)).toEqual(ground);
  } finally {
    await rm(folder, { recursive: true });
  }
});
