/** The 30-second rule, the idempotency and the plate dictionary, through the database and under concurrency. */
import { type Detection, DUPLICATE_WINDOW_MS } from "@chaverim/contracts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const startMs = Date.UTC(2026, 5, 1);
const PLATES = ["AAA111", "BBB222"];
const CAMERAS = ["north", "south"];

type Reading = { plate: string; camera: string; atMs: number };
const reading: fc.Arbitrary<Reading> = fc.record({
  plate: fc.constantFrom(...PLATES),
  camera: fc.constantFrom(...CAMERAS),
  // Around the window and at its exact edges.
  atMs: fc.oneof(
    fc.integer({ min: 0, max: 150_000 }),
    fc.integer({ min: 0, max: 5 }).map((turn) => turn * DUPLICATE_WINDOW_MS),
  ),
});
const toDetection = ({ plate, camera, atMs }: Reading): Detection =>
  aDetection({ plate, cameraId: camera, capturedAt: new Date(startMs + atMs).toISOString() });

type Row = { id: string; plate: string; camera: string; at: Date; duplicateOf: string | null };
const readRows = (collectorId: string) => central.sql<Row[]>`
  select d.id, d.plate, c.key as camera, d.detected_at as at, d.duplicate_of as "duplicateOf"
  from detections d join cameras c on c.id = d.camera_id where d.collector_id = ${collectorId} order by d.detected_at, d.id`;

/** Cuts a list into batches of the given sizes. */
const cut = <T>(items: readonly T[], sizes: readonly number[]): T[][] => {
  const rest = [...items];
  const batches = sizes.map((size) => rest.splice(0, size)).filter((batch) => batch.length > 0);
  return rest.length > 0 ? [...batches, rest] : batches;
};

test("Sent in the order of time, no two primaries of one plate and camera lie within 30 s, however the batches fall", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(reading, { minLength: 1, maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 8 }),
      fc.integer({ min: 0, max: 3 }),
      async (readings, sizes, repeats) => {
        const collector = await central.addCollector();
        const detections = readings.toSorted((a, b) => a.atMs - b.atMs).map(toDetection);
        const batches = cut(detections, sizes);
        for (const batch of batches) await sendBatch(central.url, collector.apiKey, batch);
        for (let turn = 0; turn < repeats; turn++)
          await sendBatch(central.url, collector.apiKey, batches[turn % batches.length]);
        const rows = await readRows(collector.id);
        expect(rows.map(({ id }) => id).toSorted()).toEqual(detections.map(({ id }) => id).toSorted());
        for (const row of rows) {
          const near = rows.filter(
            (other) =>
              other.id !== row.id &&
              other.duplicateOf === null &&
              other.plate === row.plate &&
              other.camera === row.camera &&
              Math.abs(other.at.getTime() - row.at.getTime()) <= DUPLICATE_WINDOW_MS,
          );
          // A primary has none near; a duplicate has the one that it names.
          expect(near.map(({ id }) => id).filter((id) => row.duplicateOf === null || id === row.duplicateOf)).toEqual(
            row.duplicateOf === null ? [] : [row.duplicateOf],
          );
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("In any order every link leads to a primary of the same plate and camera within 30 s, and each id is there once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(reading, { minLength: 2, maxLength: 25 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 }),
      async (readings, sizes) => {
        const collector = await central.addCollector();
        const detections = readings.map(toDetection);
        // All at once: the batches of one collector meet each other.
        await Promise.all(
          cut(detections, sizes)
            .slice(0, 4)
            .map((batch) => sendBatch(central.url, collector.apiKey, batch)),
        );
        await sendBatch(central.url, collector.apiKey, detections);
        const rows = await readRows(collector.id);
        expect(rows.map(({ id }) => id).toSorted()).toEqual(detections.map(({ id }) => id).toSorted());
        const byId = new Map(rows.map((row) => [row.id, row]));
        for (const { plate, camera, at, duplicateOf } of rows) {
          if (duplicateOf === null) continue;
          const primary = byId.get(duplicateOf);
          expect(primary).toMatchObject({ plate, camera, duplicateOf: null });
          expect(Math.abs((primary?.at.getTime() ?? 0) - at.getTime())).toBeLessThanOrEqual(DUPLICATE_WINDOW_MS);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("Eight collectors that send the same plates at the same moment: the dictionary counts each sighting once", async () => {
  const plates = Array.from({ length: 40 }, (_, index) => `SUM${String(index).padStart(3, "0")}`);
  const collectors = await Promise.all(Array.from({ length: 8 }, () => central.addCollector()));
  const sent: Detection[][] = [];
  await Promise.all(
    collectors.map(async ({ apiKey }, turn) => {
      for (let round = 0; round < 5; round++) {
        // Each in another order, as cameras would see them.
        const order = plates.toSorted((a, b) => (a < b ? -1 : 1) * (turn % 2 === 0 ? 1 : -1) || 0);
        const batch = order.map((plate, index) =>
          aDetection({
            plate,
            cameraId: `sum-${turn}`,
            capturedAt: new Date(startMs + round * 60_000 + index).toISOString(),
          }),
        );
        sent.push(batch);
        const { status } = await sendBatch(central.url, apiKey, batch);
        expect(status).toBe(200);
      }
    }),
  );
  // Sent again, nothing is counted twice.
  await Promise.all(collectors.map(({ apiKey }, turn) => sendBatch(central.url, apiKey, sent[turn] ?? [])));
  const rows = await central.sql<{ plate: string; sightings: number; first: Date; last: Date }[]>`
    select plate, sightings::int as sightings, first_seen as first, last_seen as last from plates where plate like 'SUM%' order by plate`;
  expect(rows.map(({ plate }) => plate)).toEqual(plates);
  expect(new Set(rows.map(({ sightings }) => sightings))).toEqual(new Set([40]));
  const times = sent.flat().map(({ capturedAt }) => Date.parse(capturedAt));
  expect(Math.min(...rows.map(({ first }) => first.getTime()))).toBe(Math.min(...times));
  expect(Math.max(...rows.map(({ last }) => last.getTime()))).toBe(Math.max(...times));
});
