/** What people correct: found by both plates through every door, counted as often as it stands, and never more than once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aDetectionId, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
const beganMs = Date.now() - 3 * 3_600_000;
const at = (seconds: number) => new Date(beganMs + seconds * 1000).toISOString();
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["one", "two", "three", "four"]);
  await central.sql`update cameras set area = 'North'`;
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

type Seen = { plate: string; cameraId: string; capturedAt: string };
const see = async (...seen: Seen[]): Promise<string[]> => {
  const detections = seen.map((one) => aDetection({ id: aDetectionId(), ...one }));
  await sendBatch(central.url, collector.apiKey, detections);
  return detections.map(({ id }) => id);
};
const correct = (detectionId: string, plate: string) =>
  operator.trpc.detections.correct.mutate({ detectionId, plate, reason: "The crop shows it." });

test("A corrected reading is found by both plates, keeps what the camera read, and is corrected by another correction", async () => {
  const [id = ""] = await see({ plate: "WR0NG1", cameraId: "one", capturedAt: at(0) });
  const { correct, timeline, search } = operator.trpc.detections;
  await correct.mutate({ detectionId: id, plate: "right-17", reason: "The crop shows it." });
  for (const plate of ["WR0NG1", "RIGHT17"]) {
    const { detections } = await timeline.query({ plate });
    expect(detections).toMatchObject([
      {
        id,
        plate: { text: "WR0NG1" },
        corrected: { plate: "RIGHT17", by: "A operator", reason: "The crop shows it." },
      },
    ]);
    const { hits } = await search.query({ plate, way: "exact" });
    expect(hits).toMatchObject([{ plate, latest: { id } }]);
  }
  expect(await failureOf(correct.mutate({ detectionId: id, plate: "RIGHT17", reason: "Again" }))).toBe("invalid");
  await correct.mutate({ detectionId: id, plate: "RIGHT77", reason: "Looked again." });
  expect((await timeline.query({ plate: "RIGHT17" })).detections).toEqual([]);
  expect((await timeline.query({ plate: "RIGHT77" })).detections).toHaveLength(1);
  // Back to what the camera read: then it is found by that alone.
  await correct.mutate({ detectionId: id, plate: "WR0NG1", reason: "The camera was right." });
  expect((await timeline.query({ plate: "RIGHT77" })).detections).toEqual([]);
  const { corrections } = await operator.trpc.plates.read.query({ plate: "RIGHT77" });
  expect(corrections.map(({ observed, corrected }) => [observed, corrected])).toEqual([["WR0NG1", "RIGHT77"]]);
  expect(await failureOf(correct.mutate({ detectionId: aDetectionId(), plate: "AB12", reason: "Nothing" }))).toBe(
    "not_found",
  );
  for (const plate of ["A", "x".repeat(20)])
    expect(await failureOf(correct.mutate({ detectionId: id, plate, reason: "No plate" }))).toBe("invalid");
});

test("The dictionary counts a correction as long as it stands, and its times with it", async () => {
  await see({ plate: "STOOD1", cameraId: "one", capturedAt: at(40_00) });
  const [id = ""] = await see({ plate: "ST00D2", cameraId: "two", capturedAt: at(41_00) });
  const counted = async () => {
    const rows = await central.sql<{ plate: string; n: number; last: Date }[]>`
      select plate, sightings::int as n, last_seen as last from plates where plate in ('STOOD1', 'ST00D2', 'STOOD3') order by 1`;
    return rows.map(({ plate, n, last }) => [plate, n, last.toISOString()]);
  };
  await correct(id, "STOOD1");
  expect(await counted()).toEqual([
    ["ST00D2", 1, at(41_00)],
    ["STOOD1", 2, at(41_00)],
  ]);
  await correct(id, "STOOD3");
  await correct(id, "STOOD1");
  await correct(id, "STOOD3");
  await correct(id, "ST00D2");
  const stands = await counted();
  expect(stands.filter(([, n]) => n !== 0)).toEqual([
    ["ST00D2", 1, at(41_00)],
    ["STOOD1", 1, at(40_00)],
  ]);
  expect((await operator.trpc.detections.search.query({ plate: "STOOD3", way: "exact" })).hits).toEqual([]);
  expect(await operator.trpc.plates.read.query({ plate: "STOOD3" })).toMatchObject({ sightings: 0, lastSeen: null });
});

test("Many corrections of one detection at once leave one that stands, counted once", async () => {
  const [id = ""] = await see({ plate: "RACED0", cameraId: "one", capturedAt: at(50_00) });
  const wanted = Array.from({ length: 8 }, (_, index) => `RACED${index + 1}`);
  await Promise.all(wanted.map((plate) => correct(id, plate)));
  const counted = await central.sql<{ plate: string }[]>`
    select plate from plates where plate like 'RACED_' and plate <> 'RACED0' and sightings > 0`;
  const { detections } = await operator.trpc.detections.timeline.query({ plate: "RACED0" });
  expect(counted.map(({ plate }) => plate)).toEqual([detections[0]?.corrected?.plate]);
});

test("A reading corrected to a look-alike is once in the timeline of both, in its export and on its way", async () => {
  const [id = ""] = await see({ plate: "ONCE8O", cameraId: "one", capturedAt: at(60_00) });
  await correct(id, "ONCE80");
  const both = { plate: "ONCE80", lookAlikes: true };
  expect((await operator.trpc.detections.timeline.query(both)).detections.map((one) => one.id)).toEqual([id]);
  const file = await operator.trpc.detections.export.mutate({ ...both, format: "json", recipient: "The police" });
  expect((JSON.parse(file.text) as { detections: unknown[] }).detections).toHaveLength(1);
});

test("With filters, and by a viewer, a corrected reading is found by both plates as well", async () => {
  const [id = ""] = await see({ plate: "F1LTER", cameraId: "one", capturedAt: at(70_00) });
  await correct(id, "FILTER7");
  const viewer = await central.signIn("viewer", { area: "North" });
  const elsewhere = await central.signIn("viewer", { area: "South" });
  const found = async (browser: Browser, plate: string, filters: object = {}) =>
    (await browser.trpc.detections.search.query({ plate, way: "exact", filters })).hits.map((hit) => [
      hit.plate,
      hit.sightings,
      hit.latest?.id,
    ]);
  for (const plate of ["F1LTER", "FILTER7"]) {
    expect(await found(operator, plate, { area: "North", from: at(69_00), to: at(71_00) })).toEqual([[plate, 1, id]]);
    expect(await found(operator, plate, { to: at(69_00) })).toEqual([]);
    expect(await found(viewer, plate)).toEqual([[plate, 1, id]]);
    expect(await found(elsewhere, plate)).toEqual([]);
  }
});

test("Company counts a meeting of which one reading was corrected, of either car", async () => {
  const ids = await see(
    ...["one", "two", "three"].flatMap((cameraId, index) => [
      { plate: index === 1 ? "LEAD3R" : "LEADER", cameraId, capturedAt: at(80_00 + index * 300) },
      { plate: index === 2 ? "TA1L" : "TAIL", cameraId, capturedAt: at(80_10 + index * 300) },
    ]),
  );
  const { seenWith } = operator.trpc.plates;
  expect((await seenWith.query({ plate: "LEADER" })).companions).toEqual([]);
  await correct(ids[2] ?? "", "LEADER");
  await correct(ids[5] ?? "", "TAIL");
  expect((await seenWith.query({ plate: "LEADER" })).companions).toMatchObject([{ plate: "TAIL", cameras: 3 }]);
  expect((await seenWith.query({ plate: "TAIL" })).companions).toMatchObject([{ plate: "LEADER", cameras: 3 }]);
});
