/** Waiting times. Rule: never negative, never beyond their caps. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fullJitterMs, pause, retryAfterMs } from "./retry.ts";

test("the ceiling doubles from one second to five minutes, and the jitter is anywhere below it", () => {
  const ceilings = [1, 2, 3, 9, 10, 1_000_000].map((failures) => fullJitterMs(failures, () => 1));
  expect(ceilings).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  expect(fullJitterMs(5, () => 0)).toBe(0);
});

const now = Date.UTC(2026, 2, 1, 20);

test.for([
  ["7", 7_000],
  ["0", 0],
  [" 12 ", 12_000],
  ["86400", 900_000],
  ["Sun, 01 Mar 2026 20:00:30 GMT", 30_000],
  ["Sun, 01 Mar 2026 19:00:00 GMT", 0],
  ["Mon, 02 Mar 2026 20:00:00 GMT", 900_000],
  ["soon", null],
  [null, null],
] as const)("Retry-After %j means %j ms", ([header, ms]) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});

test("whatever a server writes, the wait is null or within a quarter of an hour", () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      const ms = retryAfterMs(header, now);
      expect(ms === null || (ms >= 0 && ms <= 900_000)).toBe(true);
    }),
  );
});

test("an aborted signal ends a pause at once", async () => {
  const started = performance.now();
  await pause(1_000_000, AbortSignal.timeout(10));
  await pause(1_000_000, AbortSignal.abort());
  expect(performance.now() - started).toBeLessThan(1_000);
});
