/** What a detection may be on the wire, which clocks are believed, and the laws of the 30-second rule. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  CLOCK_EARLIEST_MS,
  CLOCK_FUTURE_MAX_MS,
  DUPLICATE_WINDOW_MS,
  type TimedReading,
  detectionSchema,
  isClockSuspect,
  linkDuplicates,
} from "./detection.ts";

const aDetection = (change: object = {}) => ({
  id: "01936f5e-7c00-7abc-8def-0123456789ab",
  cameraId: "gate",
  capturedAt: "2026-11-22T08:00:00.000+02:00",
  plate: { text: "0123456" },
  images: [],
  ...change,
});

const isAccepted = (detection: unknown) => detectionSchema.safeParse(detection).success;

test("the least that a detection needs is accepted as it came", () => {
  expect(detectionSchema.parse(aDetection())).toEqual(aDetection());
});

test("fields that nobody knows yet are kept at every level", () => {
  const ahead = aDetection({
    novelty: { a: 1 },
    plate: { text: "007", font: "FE" },
    vehicle: { make: "Seat", wheels: 4 },
  });
  expect(detectionSchema.parse(ahead)).toEqual(ahead);
});

test.for<[string, object]>([
  ["an id that is not a UUID v7", { id: "5f0c7b1e-3c1a-4f0e-9a53-1b2c3d4e5f60" }],
  ["a plate that is a number", { plate: { text: 123_456 } }],
  ["a time without an offset", { capturedAt: "2026-11-22T08:00:00" }],
  ["a camera without a name", { cameraId: "" }],
  ["a name with a control character", { cameraId: "gate\u0007" }],
  ["a latitude off the globe", { location: { lat: 91, lon: 0 } }],
  [
    "a picture that is not a JPEG",
    { images: [{ role: "full", sha256: "0".repeat(64), bytes: 1, mime: "image/svg+xml" }] },
  ],
  ["a hash in capitals", { images: [{ role: "full", sha256: "A".repeat(64), bytes: 1, mime: "image/jpeg" }] }],
])("%s is refused", ([, change]) => {
  expect(isAccepted(aDetection(change))).toBe(false);
});

test("a clock is believed from 2024 until five minutes ahead of central", () => {
  const now = Date.UTC(2026, 10, 22);
  expect(isClockSuspect(now, now)).toBe(false);
  expect(isClockSuspect(now + CLOCK_FUTURE_MAX_MS, now)).toBe(false);
  expect(isClockSuspect(now + CLOCK_FUTURE_MAX_MS + 1, now)).toBe(true);
  expect(isClockSuspect(CLOCK_EARLIEST_MS, now)).toBe(false);
  expect(isClockSuspect(CLOCK_EARLIEST_MS - 1, now)).toBe(true);
});

const at = (id: string, seconds: number, key = "gate|A"): TimedReading => ({ id, key, atMs: seconds * 1000 });

test("a second reading within 30 s is a duplicate, one after that is not", () => {
  const links = linkDuplicates([], [at("a", 0), at("b", 30), at("c", 30.001)]);
  expect([...links]).toEqual([["b", "a"]]);
});

test("a duplicate does not make the next one a duplicate: a queueing car is reported every 30 s", () => {
  const readings = [0, 20, 40, 60, 80].map((seconds, place) => at(String(place), seconds));
  expect([...linkDuplicates([], readings)]).toEqual([
    ["1", "0"],
    ["3", "2"],
  ]);
});

test("a reading that arrives late is linked to the stored one after it", () => {
  expect([...linkDuplicates([at("stored", 100)], [at("late", 80)])]).toEqual([["late", "stored"]]);
});

test("another camera or another plate is never a duplicate", () => {
  expect(linkDuplicates([at("a", 0, "gate|A")], [at("b", 1, "gate|B"), at("c", 1, "yard|A")]).size).toBe(0);
});

test("a stored primary that comes again is no duplicate of itself", () => {
  expect(linkDuplicates([at("a", 0)], [at("a", 0)]).size).toBe(0);
});

/** Readings of two keys within four minutes, so that windows overlap often. */
const readings = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    key: fc.constantFrom("gate|A", "gate|B"),
    atMs: fc.integer({ min: 0, max: 240_000 }),
  }),
  { selector: (reading) => reading.id, maxLength: 40 },
);

/** Readings, of which the first are stored already: primaries as an earlier batch left them. */
const batches = fc.tuple(readings, readings).map(([earlier, later]) => {
  const links = linkDuplicates([], earlier);
  return { primaries: earlier.filter(({ id }) => !links.has(id)), readings: later };
});

const isNear = (one: TimedReading, other: TimedReading) =>
  one.key === other.key && Math.abs(one.atMs - other.atMs) <= DUPLICATE_WINDOW_MS;

test("after any batch no two primaries of one key lie within 30 s of each other", () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const links = linkDuplicates(batch.primaries, batch.readings);
      const primaries = [...batch.primaries, ...batch.readings.filter(({ id }) => !links.has(id))];
      expect(primaries.filter((one) => primaries.some((other) => other !== one && isNear(one, other)))).toEqual([]);
    }),
  );
});

test("every duplicate is linked to a primary of its key within 30 s", () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const links = linkDuplicates(batch.primaries, batch.readings);
      const all = new Map([...batch.primaries, ...batch.readings].map((reading) => [reading.id, reading]));
      for (const [duplicateId, primaryId] of links) {
        const [duplicate, primary] = [all.get(duplicateId), all.get(primaryId)];
        expect(links.has(primaryId)).toBe(false);
        expect(duplicate && primary && isNear(duplicate, primary)).toBe(true);
      }
    }),
  );
});

test("the order in which stored primaries and readings are given does not matter", () => {
  const shuffled = batches.chain((batch) =>
    fc.record({
      batch: fc.constant(batch),
      primaries: fc.shuffledSubarray(batch.primaries, { minLength: batch.primaries.length }),
      readings: fc.shuffledSubarray(batch.readings, { minLength: batch.readings.length }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ batch, primaries, readings: mixed }) => {
      expect(linkDuplicates(primaries, mixed)).toEqual(linkDuplicates(batch.primaries, batch.readings));
    }),
  );
});
