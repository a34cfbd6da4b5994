/** Tests of the week before: how much, when, whose, and that it can be planned again to the byte. */
import { expect, test } from "vitest";
import { planHistory } from "./history.ts";
import { createVehicles } from "./town/vehicles.ts";

const END_MS = Date.UTC(2026, 10, 22, 21, 41);
const { vehicles, watched } = createVehicles(1);
const passes = planHistory(1, vehicles, END_MS).flatMap((batch) => batch.passes);

test("a week holds about 3,000 detections, at every camera, none in the last half hour", () => {
  expect(passes.length).toBeGreaterThan(2_600);
  expect(passes.length).toBeLessThan(3_600);
  expect(new Set(passes.map(({ camera }) => camera.id)).size).toBe(14);
  expect(Math.max(...passes.map(({ atMs }) => atMs))).toBeLessThan(END_MS - 1_800_000);
  expect(Math.min(...passes.map(({ atMs }) => atMs))).toBeGreaterThan(END_MS - 7 * 86_400_000);
});

test("no watched plate drove, and nobody was misread as one", () => {
  const listed = new Set(watched.map(({ plate }) => plate));
  expect(passes.filter(({ read, vehicle }) => listed.has(read) || listed.has(vehicle.plate))).toEqual([]);
});

test("newest days come first, and a batch belongs to one collector", () => {
  const days = planHistory(1, vehicles, END_MS).map((batch) => {
    expect(new Set(batch.passes.map(({ camera }) => camera.collector))).toEqual(new Set([batch.collector]));
    return new Date(batch.passes[0]?.atMs ?? 0).setHours(0, 0, 0, 0);
  });
  expect(days).toEqual(days.toSorted((a, b) => b - a));
});

test("planned again it has the same ids, which are of version 7, unique, and tell their time", () => {
  const again = planHistory(1, vehicles, END_MS).flatMap((batch) => batch.passes);
  expect(again).toEqual(passes);
  expect(new Set(passes.map(({ id }) => id)).size).toBe(passes.length);
  for (const { id, atMs } of passes) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(atMs);
  }
});
