/** Shapes on the map. */
import { expect, test } from "vitest";
import { bentLine, circleRadius, conePoints, farthestFrom, frameOf } from "./geometry.ts";

test("A frame holds every position, and one position has its surroundings", () => {
  expect(frameOf([])).toBeNull();
  const places = [
    { lat: 33.5, lon: 31.5 },
    { lat: 33.6, lon: 31.4 },
  ];
  expect(frameOf(places)).toEqual({ south: 33.5, west: 31.4, north: 33.6, east: 31.5 });
  const one = frameOf(places.slice(0, 1));
  expect(one?.north).toBeCloseTo(33.503, 6);
  expect(one?.west).toBeCloseTo(31.497, 6);
});

test.each([
  [0, [0, -34]],
  [90, [34, 0]],
  [180, [0, 34]],
  [270, [-34, 0]],
])("A cone with heading %i begins at the camera and has its middle there", (heading, middle) => {
  const points = conePoints(heading)
    .split(" ")
    .map((point) => point.split(",").map(Number));
  expect(points[0]).toEqual([0, 0]);
  expect(points[3]?.[0]).toBeCloseTo(middle[0] ?? Number.NaN, 5);
  expect(points[3]?.[1]).toBeCloseTo(middle[1] ?? Number.NaN, 5);
});

test("A circle grows with its count, by area, between two sizes", () => {
  expect([0, 25, 100].map((count) => circleRadius(count, 100))).toEqual([13, 23.5, 34]);
  expect(circleRadius(0, 0)).toBe(13);
});

test("A way out and its way back stand beside each other, each on its right", () => {
  const [south, north] = [
    { lat: 33, lon: 31 },
    { lat: 33.1, lon: 31 },
  ];
  const [out, back] = [bentLine(south, north), bentLine(north, south)];
  expect(out[0]).toEqual(south);
  expect(out.at(-1)?.lat).toBeCloseTo(north.lat, 9);
  expect(out[2]?.lat).toBeCloseTo(33.05, 9);
  expect(out[2]?.lon).toBeGreaterThan(31.005);
  expect(back[2]?.lon).toBeLessThan(30.995);
});

test("words on a line stand where no stop is near", () => {
  const line = [1, 2, 3].map((lat) => ({ lat, lon: 0 }));
  expect(
    farthestFrom(
      [
        { lat: 0, lon: 0 },
        { lat: 2.1, lon: 0.1 },
        { lat: 4, lon: 0 },
      ],
      line,
    ),
  ).toEqual({ lat: 1, lon: 0 });
  expect(farthestFrom([], [])).toBeUndefined();
});
