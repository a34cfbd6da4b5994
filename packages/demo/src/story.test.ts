/** Tests of the story: the planned moments, the pace of the traffic, and that it can be told again. */
import { expect, test } from "vitest";
import { tellStory } from "./story.ts";
import type { Event } from "./story.ts";
import { createVehicles } from "./town/vehicles.ts";

const until = (endMs: number, seed = 1): Event[] => {
  const events: Event[] = [];
  for (const event of tellStory({ seed, ...createVehicles(seed) })) {
    if (event.atMs > endMs) break;
    events.push(event);
  }
  return events;
};
const passesIn = (events: Event[]) => events.filter((event) => event.kind === "pass");

test("the planned moments come at 10, 25, 45, 73 and 100 s", () => {
  const planned = until(100_000)
    .filter((event) => event.kind === "uplink" || event.watched)
    .map((event) => [
      event.atMs / 1000,
      event.kind === "pass" ? `${event.read} ${event.camera.name}` : `${event.collector} ${event.up ? "up" : "down"}`,
    ]);
  expect(planned).toEqual([
    [10, "1285-67 North Gate 1"],
    [25, "1285-67 North Gate 2"],
    [45, "Bridge down"],
    [73, "Bridge up"],
    [100, "12B5-67 Mill Square"],
  ]);
});

test("events come in order of time", () => {
  const times = until(1_800_000).map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(0);
});

test.each([1, 2, 3, 4])(
  "seed %i: at least 30 passes in the first minute, about one a second over two hours",
  (seed) => {
    expect(passesIn(until(60_000, seed)).length).toBeGreaterThanOrEqual(30);
    const perSecond = passesIn(until(7_200_000, seed)).length / 7200;
    expect(perSecond).toBeGreaterThan(0.85);
    expect(perSecond).toBeLessThan(1.15);
  },
);

test("every camera sees traffic within half an hour, and Bridge's cameras see some while their uplink is lost", () => {
  const events = passesIn(until(1_800_000));
  expect(new Set(events.map(({ camera }) => camera.id)).size).toBe(14);
  const buffered = events.filter(({ atMs, camera }) => atMs > 45_000 && atMs < 73_000 && camera.collector === "Bridge");
  expect(buffered.length).toBeGreaterThan(2);
});

test("after the planned part a watched car drives through every few minutes", () => {
  const watched = passesIn(until(3_700_000)).filter((event) => event.watched && event.atMs > 100_000);
  const drives = new Set(watched.map(({ vehicle, atMs }) => `${vehicle.plate} ${Math.round(atMs / 300_000)}`));
  expect(drives.size).toBeGreaterThan(8);
});

test("no car is in two places: between two cameras it always has the time that the roads ask for", () => {
  const legs: number[] = [];
  const lastByPlate = new Map<string, Extract<Event, { kind: "pass" }>>();
  for (const pass of passesIn(until(3_600_000))) {
    const last = lastByPlate.get(pass.vehicle.plate);
    const metres = last
      ? Math.hypot((pass.camera.lat - last.camera.lat) * 111_195, (pass.camera.lon - last.camera.lon) * 92_700)
      : 0;
    if (last && metres > 0) legs.push(metres / ((pass.atMs - last.atMs) / 3600));
    lastByPlate.set(pass.vehicle.plate, pass);
  }
  expect(lastByPlate.size).toBeGreaterThan(100);
  expect(legs.length).toBeGreaterThan(1000);
  expect(Math.max(...legs)).toBeLessThan(70);
});

test("the same seed tells the same story", () => {
  expect(until(300_000)).toEqual(until(300_000));
  expect(until(300_000, 2)).not.toEqual(until(300_000));
});
