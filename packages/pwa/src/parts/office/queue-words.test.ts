/** When everything is sent, in words. */
import type { CollectorView } from "@chaverim/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aCollector } from "../../builders.ts";
import { trustServerTime } from "../../clock.ts";
import { setLanguage } from "../../settings.ts";
import { durationLabel } from "./measures.ts";
import { drainBrief, drainWords } from "./queue-words.ts";

beforeEach(() => {
  setLanguage("en");
  vi.useFakeTimers({ now: Date.parse("2026-11-22T20:00:30.000Z") });
  trustServerTime(new Date().toISOString());
});
afterEach(() => vi.useRealTimers());

/** Its last heartbeat was half a minute ago. */
const withLanes = (rows: number, images: number, drainSeconds: number | null, more: Partial<CollectorView> = {}) =>
  aCollector({
    lanes: {
      metadata: { rows, oldestAt: null },
      images: { rows: images, oldestAt: null },
      drainSeconds,
      imageSecondsLeft: null,
    },
    ...more,
  });

test.each<[string, CollectorView]>([
  ["Nothing waits.", withLanes(0, 0, null)],
  ["All sent at about 20:04, in 4 minutes", withLanes(3, 9, 270)],
  ["All sent any moment", withLanes(0, 1, 20)],
  ["No estimate yet: nothing has moved", withLanes(0, 9, null)],
  ["Comes when it is back", withLanes(3, 9, 270, { state: "offline" })],
  ["Not known before its first heartbeat.", aCollector({ queue: null, lanes: null })],
  ["Its version gives no estimate", aCollector({ queue: { rows: 3, oldestAt: null }, lanes: null })],
])("%s", (words, collector) => {
  // The time is the reader's own; what is pinned is that it is named.
  expect(drainWords(collector).replace(/\d\d:04/, "20:04")).toBe(words);
});

test("beside a number of the list it is brief, and silent where nothing is known", () => {
  expect(drainBrief(withLanes(0, 0, null))).toBeNull();
  expect(drainBrief(withLanes(2, 0, null))).toBeNull();
  expect(drainBrief(withLanes(2, 0, 270))).toMatch(/^sent by about \d\d:04$/);
  expect(drainBrief(withLanes(2, 0, 270, { state: "offline" }))).toBe("Comes when it is back");
});

test("a span is one unit, rounded", () => {
  expect([0.2, 12, 89, 90, 3600, 5400, 172_799, 172_800, 604_800].map(durationLabel)).toEqual([
    "1 second",
    "12 seconds",
    "89 seconds",
    "2 minutes",
    "60 minutes",
    "2 hours",
    "48 hours",
    "2 days",
    "7 days",
  ]);
});
