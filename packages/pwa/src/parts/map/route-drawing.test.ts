/** What is drawn of a way. */
import { expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { type RouteStop, drawnLegs, drawnStops, meetingsOf, numbersLabel, stopsWithin } from "./route-drawing.ts";

const START = Date.parse("2026-11-22T10:00:00Z");
let made = 0;
/** Cameras stand 0.01 degrees of latitude apart: 1.11 km. */
const stop = (camera: number, minute: number, placed = true): RouteStop => ({
  detectionId: uuidOf(1000 + made++),
  cameraId: uuidOf(camera),
  cameraName: `Camera ${camera}`,
  at: new Date(START + minute * 60_000).toISOString(),
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
  const speeds = (stops: RouteStop[]) => drawnLegs(stops)[0]?.speedKph ?? 0;
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

test("Two plates meet at one camera within half a minute, and nowhere else", () => {
  const ours = [stop(1, 0), stop(2, 10), stop(3, 20)];
  const theirs = [stop(1, 0.25), stop(3, 10), stop(3, 21)];
  expect(meetingsOf(ours, theirs)).toEqual([
    { cameraId: uuidOf(1), cameraName: "Camera 1", at: ours[0]?.at, secondsApart: 15 },
  ]);
});

test("Ten thousand stops become as many lines as there are pairs of cameras", () => {
  const stops = Array.from({ length: 10_000 }, (_none, place) => stop(1 + (place % 14), place * 3));
  expect(drawnLegs(stops).length).toBeLessThanOrEqual(14 * 14 * 3);
  expect(drawnStops(stops)).toHaveLength(14);
});
