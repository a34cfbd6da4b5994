/** Legs of a route: their length, their speed, and what is doubtful. */
import { expect, test } from "vitest";
import { type Stop, distanceKm, legsOf } from "./route.ts";

const HAIFA = { lat: 32.794, lon: 34.9896 };
const TEL_AVIV = { lat: 32.0853, lon: 34.7818 };

const stop = (camera: string, minute: number, position: Stop["position"]): Stop => ({
  detectionId: `${camera}-${minute}`,
  cameraId: camera,
  at: new Date(Date.UTC(2026, 10, 22, 20, minute)).toISOString(),
  position,
});

test("Haifa is 81 km from Tel Aviv", () => {
  expect(distanceKm(HAIFA, TEL_AVIV)).toBeCloseTo(81.2, 0);
});

test("A leg that no road allows is told as impossible, with its speed", () => {
  const [leg] = legsOf([stop("haifa", 0, HAIFA), stop("tel aviv", 20, TEL_AVIV)]);
  expect(leg).toMatchObject({ kind: "impossible" });
  expect(leg?.speedKph).toBeGreaterThan(200);
});

test("A long silence is a gap, a return to the same camera is a stay, and a camera without a place has no speed", () => {
  const legs = legsOf([
    stop("haifa", 0, HAIFA),
    stop("tel aviv", 55, TEL_AVIV),
    stop("tel aviv", 58, TEL_AVIV),
    stop("nowhere", 59, null),
  ]);
  expect(legs.map(({ kind }) => kind)).toEqual(["gap", "stay", "drive"]);
  expect(legs[2]).toMatchObject({ lengthKm: null, speedKph: null });
});

test("Two cameras at one crossing a second apart are no impossible leg", () => {
  const near = { lat: HAIFA.lat + 0.0009, lon: HAIFA.lon };
  const [leg] = legsOf([stop("a", 0, HAIFA), { ...stop("b", 0, near), at: "2026-11-22T20:00:01.000Z" }]);
  expect(leg).toMatchObject({ kind: "drive", speedKph: null });
});

test("One reading makes no leg", () => {
  expect(legsOf([stop("haifa", 0, HAIFA)])).toEqual([]);
  expect(legsOf([])).toEqual([]);
});
