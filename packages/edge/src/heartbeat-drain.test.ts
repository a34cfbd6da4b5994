/** How long a queue takes. Rule: a queue that does not shrink has no end, and one in good health is no backlog. */
import { expect, test } from "vitest";
import { createDrainEstimate, type QueueReading } from "./heartbeat-drain.ts";

/** Each reading a minute after the one before: rows that ever came, metadata and images that wait. */
const estimatesOf = (...readings: [added: number, metadata: number, images: number][]) => {
  const estimate = createDrainEstimate();
  return readings.map(([added, metadata, images], minute): number | null => {
    const reading: QueueReading = { atMs: minute * 60_000, added, waiting: { metadata, images } };
    return estimate(reading);
  });
};

test("a backlog that loses 3,000 rows a minute net of what comes in takes its rest at that rate", () => {
  expect(estimatesOf([50_000, 50_000, 0], [50_060, 47_000, 0], [50_120, 44_000, 0])).toEqual([null, 940, 880]);
});

test("the lane that takes longer decides", () => {
  expect(estimatesOf([1_000, 600, 2_000], [1_000, 0, 1_900])).toEqual([null, 1_140]);
});

test("a queue that grows or stands still has no end, in either lane", () => {
  expect(estimatesOf([1_000, 1_000, 0], [1_060, 1_060, 0], [1_060, 1_060, 0])).toEqual([null, null, null]);
  expect(estimatesOf([1_000, 1_000, 500], [1_000, 500, 600])).toEqual([null, null]);
});

test("a few rows that wait for the next batch of a healthy line are seconds, and nothing that waits is null", () => {
  expect(estimatesOf([600, 3, 6], [660, 3, 6], [720, 0, 0])).toEqual([null, 3, null]);
});

test("a buffer that began anew has no rate yet", () => {
  expect(estimatesOf([600, 300, 0], [10, 10, 0])).toEqual([null, null]);
});
