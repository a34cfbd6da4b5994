/** Tests of the playing of the story, on a clock that jumps. */
import { expect, test } from "vitest";
import { play } from "./play.ts";
import { tellStory } from "./story.ts";
import { createVehicles } from "./town/vehicles.ts";

/** Plays until a moment; what was told, and how many passes each collector got. */
const playUntil = async (endMs: number) => {
  const stop = new AbortController();
  const told: string[] = [];
  const uplink: boolean[] = [];
  let passes = 0;
  const stage = {
    until: async (atMs: number) => {
      if (atMs > endMs) stop.abort();
    },
    pass: async () => {
      passes += 1;
      return true;
    },
    setUplink: async (up: boolean) => {
      uplink.push(up);
    },
    tell: (atMs: number, what: string) => told.push(`${atMs / 1000} s · ${what}`),
  };
  await play(tellStory({ seed: 1, ...createVehicles(1) }), stage, stop.signal);
  return { told, uplink, passes };
};

test("the first two minutes are told in five lines", async () => {
  const { told, uplink, passes } = await playUntil(120_000);
  expect(told.map((line) => line.replace(/: \d+ detections/, ": N detections"))).toEqual([
    "10 s · Watched car 1285-67 passes North Gate 1",
    "25 s · Watched car 1285-67 passes North Gate 2",
    "45 s · Collector Bridge loses its uplink and keeps what it sees",
    "73 s · Collector Bridge has its uplink back: N detections waited and follow",
    "100 s · Watched car 1285-67 passes Mill Square and is read as 12B5-67",
  ]);
  expect(uplink).toEqual([false, true]);
  expect(passes).toBeGreaterThan(80);
});

test("an hour is played without end in sight, with watched cars among the traffic", async () => {
  const { told, passes } = await playUntil(3_600_000);
  expect(passes).toBeGreaterThan(3_000);
  expect(told.length).toBeGreaterThan(12);
});
