/** When collectors are slowed down, by how much, and when it is over. */
import { beforeEach, expect, test } from "vitest";
import { type PaceKeeper, createPaceKeeper } from "./pace.ts";

const CALM = { delayMs: 0, maxBatch: 50, imagesPaused: false };
let nowMs: number;
let pace: PaceKeeper;
beforeEach(() => {
  nowMs = 1000;
  pace = createPaceKeeper(() => nowMs);
});
const batches = (count: number, durationMs: number) => {
  for (let index = 0; index < count; index++) {
    const leave = pace.enter();
    nowMs += durationMs;
    leave();
  }
};

test("Without load nobody is slowed down, and batches of 100 ms are no load", () => {
  expect(pace.pace()).toEqual(CALM);
  batches(60, 100);
  expect(pace.pace()).toEqual(CALM);
});

test("A few slow batches, or one slow in thirty, say nothing", () => {
  batches(19, 900);
  expect(pace.pace()).toEqual(CALM);
  nowMs += 60_000;
  batches(1, 5000);
  batches(29, 10);
  expect(pace.pace()).toEqual(CALM);
});

test("The slower batches are, the longer collectors wait, in larger batches, and never longer than 5 s", () => {
  batches(20, 200);
  const slow = pace.pace();
  expect(slow).toEqual({ delayMs: 250, maxBatch: 100, imagesPaused: false });
  batches(20, 1000);
  expect(pace.pace().delayMs).toBeGreaterThan(slow.delayMs);
  batches(20, 100_000);
  expect(pace.pace().delayMs).toBeLessThanOrEqual(5000);
});

test("A minute after the last slow batch it is forgotten", () => {
  batches(20, 400);
  expect(pace.pace().delayMs).toBeGreaterThan(0);
  nowMs += 60_000;
  expect(pace.pace()).toEqual(CALM);
});

test("Requests under way count before any has ended", () => {
  const leaving = Array.from({ length: 4 }, () => pace.enter());
  expect(pace.pace()).toEqual(CALM);
  leaving.push(...Array.from({ length: 4 }, () => pace.enter()));
  expect(pace.pace()).toEqual({ delayMs: 250, maxBatch: 100, imagesPaused: false });
  for (const leave of leaving) leave();
  expect(pace.pace()).toEqual(CALM);
});

test("Images wait half a minute when the store was slow or away, and detections go on", () => {
  pace.noteStore(1999);
  expect(pace.pace()).toEqual(CALM);
  pace.noteStore(Infinity);
  expect(pace.pace()).toEqual({ ...CALM, imagesPaused: true });
  nowMs += 30_000;
  expect(pace.pace()).toEqual(CALM);
});

test("Images wait as long as the disk is near its reserve", () => {
  pace.noteSpace(3.9e9, 2e9);
  nowMs += 1e6;
  expect(pace.pace()).toEqual({ ...CALM, imagesPaused: true });
  pace.noteSpace(4e9, 2e9);
  expect(pace.pace()).toEqual(CALM);
});
