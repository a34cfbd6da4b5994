/** Legs of a route: their length, their speed, and what is doubtful. */
import { expect, test } from "vitest";
import { type Route, type Stop, distanceKm, legsOf, meetingsOf, stopsOf } from "./route.ts";

const HAIFA = { lat: 32.794, lon: 34.9896 };
const TEL_AVIV = { lat: 32.0853, lon: 34.7818 };

const START = Date.UTC(2026, 10, 22, 20);
const stop = (camera: string, minute: number, position: Stop["position"]): Stop => ({
  cameraId: camera,
  cameraName: camera,
  atMs: START + minute * 60_000,
  position,
});

test("A route travels with each camera once", () => {
  const cameras = [
    { id: "haifa", name: "haifa", position: HAIFA },
    { id: "nowhere", name: "nowhere", position: null },
  ];
  const stops: Route["stops"] = [
    [0, START],
    [1, START + 60_000],
    [0, START + 120_000],
    [7, START + 180_000],
  ];
  expect(stopsOf({ cameras, stops, truncated: false })).toEqual([
    stop("haifa", 0, HAIFA),
    stop("nowhere", 1, null),
    stop("haifa", 2, HAIFA),
  ]);
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
  const [leg] = legsOf([stop("a", 0, HAIFA), { ...stop("b", 0, near), atMs: START + 1000 }]);
  expect(leg).toMatchObject({ kind: "drive", speedKph: null });
});

test("The way back is told by where its cameras are, and so is a way that is driven again", () => {
  const legs = legsOf(
    [0, 1, 2, 3].map((trip) => stop(["a", "b"][trip % 2] ?? "", trip * 10, trip % 2 ? TEL_AVIV : HAIFA)),
  );
  expect(legs.map(({ lengthKm }) => Math.round(lengthKm ?? 0))).toEqual([81, 81, 81]);
});

test("One reading makes no leg", () => {
  expect(legsOf([stop("haifa", 0, HAIFA)])).toEqual([]);
  expect(legsOf([])).toEqual([]);
});

const at = (cameraId: string, ...seconds: number[]) => seconds.map((second) => ({ cameraId, atMs: second * 1000 }));
const met = (ours: ReturnType<typeof at>, theirs: ReturnType<typeof at>) =>
  meetingsOf(ours, theirs).map((meeting) => [meeting.ours, meeting.theirs, meeting.secondsApart]);

test("Two plates meet at one camera within half a minute, and nowhere else", () => {
  const ours = [...at("a", 0), ...at("b", 600), ...at("c", 1200)];
  const theirs = [...at("a", 30), ...at("c", 600), ...at("c", 1231)];
  expect(met(ours, theirs)).toEqual([[0, 0, 30]]);
  expect(met(ours, [])).toEqual([]);
});

test("Each reading meets the nearest, and is in one meeting", () => {
  expect(met(at("a", 100), at("a", 75, 98, 104))).toEqual([[0, 1, 2]]);
  expect(met(at("a", 100, 110), at("a", 105))).toEqual([[0, 0, 5]]);
  // The second of ours is nearer; with another one for itself it leaves the first its own.
  expect(met(at("a", 100, 120), at("a", 118))).toEqual([[1, 0, 2]]);
  expect(met(at("a", 100, 120), at("a", 90, 118))).toEqual([
    [0, 0, 10],
    [1, 1, 2],
  ]);
  expect(met(at("a", 100, 120), at("a", 118, 121))).toEqual([
    [0, 0, 18],
    [1, 1, 1],
  ]);
  expect(met(at("a", 100, 100), at("a", 100, 100))).toEqual([
    [0, 0, 0],
    [1, 1, 0],
  ]);
});

test("Meetings are told in the order of ours, newest first or oldest first", () => {
  const ours = [...at("a", 900), ...at("b", 500), ...at("a", 100)];
  expect(met(ours, [...at("a", 910), ...at("b", 510), ...at("a", 110)])).toEqual([
    [0, 0, 10],
    [1, 1, 10],
    [2, 2, 10],
  ]);
});

test("Ten thousand readings of each are compared at once", () => {
  const many = (shift: number) => at("a", ...Array.from({ length: 10_000 }, (_none, place) => place * 40 + shift));
  expect(meetingsOf(many(0), many(3))).toHaveLength(10_000);
  expect(meetingsOf(many(0).toReversed(), many(3))[0]).toEqual({ ours: 0, theirs: 9_999, secondsApart: 3 });
});
