/** Tests of the town: roads, cameras, vehicles and drives. */
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { CAMERAS, COLLECTORS } from "./cameras.ts";
import { PLACES, bearing, legsFrom, positionOf, quickestWay, secondsFor } from "./roads.ts";
import type { Place } from "./roads.ts";
import { drive } from "./trips.ts";
import { createVehicles, misread } from "./vehicles.ts";

const secondsOf = (way: Place[]): number =>
  way.slice(1).reduce((sum, place, index) => {
    const leg = legsFrom(way[index] ?? place).find(({ to }) => to === place);
    return sum + (leg ? secondsFor(leg) : Infinity);
  }, 0);

test("every place can be reached from every other, along streets, and no slower the other way", () => {
  for (const from of PLACES) {
    for (const to of PLACES) {
      const there = secondsOf(quickestWay(from, to));
      expect(there).toBeLessThan(900);
      expect(secondsOf(quickestWay(to, from))).toBeCloseTo(there, 6);
    }
  }
});

test("the quickest way is never beaten by going through a third place", () => {
  for (const via of PLACES) {
    const direct = secondsOf(quickestWay("northExit", "harborRoad"));
    const around = secondsOf(quickestWay("northExit", via)) + secondsOf(quickestWay(via, "harborRoad"));
    expect(around).toBeGreaterThanOrEqual(direct - 1e-9);
  }
});

test("each of the 14 cameras stands on a street, looks along it, and feeds a collector of both kinds of adapter", () => {
  expect(CAMERAS).toHaveLength(14);
  expect(new Set(CAMERAS.map(({ id }) => id)).size).toBe(14);
  for (const camera of CAMERAS) {
    expect(legsFrom(camera.at).map(({ to }) => to)).toContain(camera.looksTo);
    expect(camera.heading).toBe(bearing(camera.at, camera.looksTo));
    expect(positionOf(camera.at)).toEqual({ lat: camera.lat, lon: camera.lon });
  }
  for (const collector of COLLECTORS) {
    const adapters = CAMERAS.filter((camera) => camera.collector === collector).map(({ adapter }) => adapter);
    expect(new Set(adapters).size).toBe(2);
  }
});

test("North Gate 2 lies 222 m south of North Gate 1 and looks south", () => {
  const gate1 = positionOf("northGate1");
  const gate2 = positionOf("northGate2");
  expect((gate1.lat - gate2.lat) * 111_195).toBeCloseTo(222, 0);
  expect(CAMERAS.find(({ id }) => id === "north-gate-2")?.heading).toBe(175);
});

test("the same seed is the same 160 vehicles, another seed is another 160", () => {
  expect(createVehicles(1)).toEqual(createVehicles(1));
  expect(createVehicles(1).vehicles).toHaveLength(160);
  expect(createVehicles(2).vehicles.map(({ plate }) => plate)).not.toEqual(
    createVehicles(1).vehicles.map(({ plate }) => plate),
  );
});

test("plates are of the two fictional kinds, and none can be taken for a watched one even when misread", () => {
  const { vehicles, watched } = createVehicles(7);
  const random = createRandom(7);
  const listed = new Set(watched.map(({ plate }) => plate));
  for (const { plate } of vehicles) {
    expect(plate).toMatch(/^(\d{2}-\d{3}-\d{2}|[A-Z0-9]{4}-\d{2})$/);
    expect(listed).not.toContain(plate);
    for (let attempt = 0; attempt < 5; attempt++) expect(listed).not.toContain(misread(plate, random));
  }
});

test("a drive passes cameras in order, at speeds that the streets allow", () => {
  const { vehicles } = createVehicles(3);
  const random = createRandom(3);
  let legs = 0;
  for (const vehicle of vehicles) {
    const { passes, endMs } = drive(vehicle, vehicle.home, vehicle.work, 1_000, random);
    passes.forEach((pass, index) => {
      const before = passes[index - 1];
      if (!before) return;
      legs += 1;
      const metres = Math.hypot(
        (pass.camera.lat - before.camera.lat) * 111_195,
        (pass.camera.lon - before.camera.lon) * 92_700,
      );
      const kph = metres / ((pass.atMs - before.atMs) / 3600);
      expect(kph).toBeGreaterThan(3);
      expect(kph).toBeLessThan(70);
    });
    expect(endMs).toBeGreaterThanOrEqual(passes.at(-1)?.atMs ?? 1_000);
  }
  expect(legs).toBeGreaterThan(100);
});

test("a camera sees the rear of what drives the way it looks, and the front of what comes towards it", () => {
  const { watched } = createVehicles(1);
  const van = watched[0];
  if (!van) throw new Error("The town has a watched van.");
  const southward = drive(van, "northExit", "millSquare", 0, createRandom(1)).passes;
  expect(southward.map(({ camera, side }) => [camera.id, side])).toEqual([
    ["north-gate-1", "front"],
    ["north-gate-2", "rear"],
    ["mill-square", "rear"],
  ]);
});
