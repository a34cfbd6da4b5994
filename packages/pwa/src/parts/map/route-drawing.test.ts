/** What is drawn of a way. */
import type { Stop } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { drawnLegs, drawnStops, numbersLabel, rangeIn, stopsWithin, timesOfRange } from "./route-drawing.ts";

const START = Date.parse("2026-11-22T10:00:00Z");
/** Cameras stand 0.01 degrees of latitude apart: 1.11 km. */
const stop = (camera: number, minute: number, placed = true): Stop => ({
  cameraId: uuidOf(camera),
  cameraName: `Camera ${camera}`,
  atMs: START + minute * 60_000,
  position: placed ? { lat: 33 + camera / 100, lon: 31 } : null,
});

test("Each kind of leg is drawn once between two cameras, a stay not at all", () => {
  const stops = [stop(1, 0), stop(2, 3), stop(1, 6), stop(2, 9), stop(2, 12), stop(1, 100), stop(9, 101)];
  expect(drawnLegs(stops).map(({ kind, from, to }) => [kind, from.lat, to.lat])).toEqual([
    ["drive", 33.01, 33.02],
    ["drive", 33.02, 33.01],
    ["gap", 33.02, 33.01],
    ["impossible", 33.01, 33.09],
  ]);
  expect(drawnLegs(stops).at(-1)?.speedKph).toBeGreaterThan(500);
});

test("Of several drives the fastest stands for all", () => {
  const speeds = (stops: Stop[]) => drawnLegs(stops)[0]?.speedKph ?? 0;
  const slow = speeds([stop(1, 0), stop(2, 6)]);
  expect(speeds([stop(1, 0), stop(2, 6), stop(1, 12), stop(2, 15)])).toBeGreaterThan(slow * 1.9);
});

test("Numbers stand at their cameras, few of them, and none where nobody placed the camera", () => {
  const drawn = drawnStops([stop(1, 0), stop(2, 3, false), stop(1, 6), stop(3, 9)]);
  expect(drawn.map(({ cameraName, numbers }) => [cameraName, numbers])).toEqual([
    ["Camera 1", [1, 3]],
    ["Camera 3", [4]],
  ]);
  expect(numbersLabel([1, 3, 4])).toBe("1 · 3 · 4");
  expect(numbersLabel([1, 3, 4, 8, 12])).toBe("1 · 3 … 12");
});

test("The slider's ends are included", () => {
  const stops = [stop(1, 0), stop(1, 1), stop(1, 2)];
  expect(stopsWithin(stops, START + 60_000, START + 120_000)).toEqual(stops.slice(1));
});

test("The address says which stops are shown, and all of them are shown when it does not", () => {
  const stops = [stop(1, 0), stop(1, 1), stop(1, 2), stop(1, 3)];
  const at = (minute: number) => new Date(START + minute * 60_000).toISOString();
  expect(timesOfRange(stops, [1, 2])).toEqual({ first: at(1), last: at(2) });
  expect(timesOfRange(stops, [0, 3])).toEqual({ first: undefined, last: undefined });
  expect(rangeIn(stops, { first: at(1), last: at(2) })).toEqual([1, 2]);
  expect(rangeIn(stops, { last: at(0.5) })).toEqual([0, 0]);
  expect(rangeIn(stops, {})).toEqual([0, 3]);
  expect(rangeIn(stops, { first: at(1.2), last: at(1.8) })).toEqual([0, 3]);
  expect(rangeIn(stops, { first: "yesterday" })).toEqual([0, 3]);
  expect(rangeIn([], { first: at(1) })).toEqual([0, 0]);
});

test("Ten thousand stops become as many lines as there are pairs of cameras", () => {
  const stops = Array.from({ length: 10_000 }, (_none, place) => stop(1 + (place % 14), place * 3));
  expect(drawnLegs(stops).length).toBeLessThanOrEqual(14 * 14 * 3);
  expect(drawnStops(stops)).toHaveLength(14);
});
