/** Finding plates and reading their detections, newest first, for those who reach all of them (reach.pg.test.ts: viewers). */
import { type DetectionView, type SearchWay, TEST_VENDOR } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aDetectionId, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let collector: TestCollector;
let operator: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["gate"]);
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const atMs = Date.UTC(2026, 5, 1, 12);
const at = (seconds: number) => new Date(atMs + seconds * 1000).toISOString();
const see = (...detections: Parameters<typeof aDetection>[0][]) =>
  sendBatch(
    central.url,
    collector.apiKey,
    detections.map((overrides) => aDetection(overrides)),
  );
const search = (plate: string, options: { way?: SearchWay; limit?: number; cursor?: string } = {}) =>
  operator.trpc.detections.search.query({ plate, ...options });

test("The exact plate comes first, then look-alikes, each with the characters that differ", async () => {
  await see(
    { plate: "BOX 800", capturedAt: at(0) },
    { plate: "B0X800", capturedAt: at(100) },
    { plate: "B0X800", capturedAt: at(200) },
    { plate: "80X8OO", capturedAt: at(300) },
    { plate: "BOX801", capturedAt: at(400) },
  );
  const { understood, hits, cursor } = await search("box-800", { way: "look-alike" });
  expect(understood).toEqual({ kind: "plate", plate: "BOX800", folded: "80X800", way: "look-alike" });
  expect(cursor).toBeNull();
  expect(hits.map(({ plate, sightings, match }) => [plate, sightings, match.kind, match.differences.length])).toEqual([
    ["BOX800", 1, "exact", 0],
    ["B0X800", 2, "look-alike", 1],
    ["80X8OO", 1, "look-alike", 4],
  ]);
  expect(hits[1]).toMatchObject({
    match: { differences: [{ index: 1, listed: "O", read: "0" }] },
    firstSeen: at(100),
    lastSeen: at(200),
    latest: { detectedAt: at(200), camera: { name: "gate" } },
    listed: null,
  });
  expect((await search("box-800", { way: "exact" })).hits.map(({ plate }) => plate)).toEqual(["BOX800"]);
});

test("What fits beside the first page is on the next one, and is not counted", async () => {
  await see(...["Q0Q1", "O0Q1", "D0Q1", "00Q1"].map((plate, index) => ({ plate, capturedAt: at(index) })));
  const first = await search("00Q1", { limit: 2 });
  expect(first.hits.map(({ plate }) => plate)).toEqual(["00Q1", "D0Q1"]);
  const next = await search("00Q1", { limit: 2, cursor: first.cursor ?? "" });
  expect(next.hits.map(({ plate }) => plate)).toEqual(["O0Q1", "Q0Q1"]);
  expect(next.cursor).toBeNull();
});

test("A hit says under which priority its plate is watched now", async () => {
  const urgent = await operator.trpc.watchlists.create.mutate({ name: "Urgent", priority: 1 });
  const [usual] = (await operator.trpc.watchlists.list.query()).filter(({ id }) => id !== urgent.id);
  await see({ plate: "WANTED7", capturedAt: at(0) });
  for (const watchlistId of [usual?.id ?? "", urgent.id]) {
    await operator.trpc.watchlists.addEntry.mutate({ watchlistId, plate: "WANTED7", reason: "stolen" });
  }
  expect((await search("WANTED7")).hits[0]?.listed).toBe(1);
});

test.each(["", "A", "--", "שלום", "A".repeat(17), "x".repeat(400)])(
  "%j cannot be a plate, and the answer says so",
  async (plate) => {
    expect(await failureOf(search(plate))).toBe("invalid");
  },
);

test("Nothing found is an empty answer", async () => {
  expect(await search("NEVER99")).toMatchObject({ hits: [], cursor: null });
});

test("Pages over detections of the same moment leave none out and repeat none", async () => {
  // Three cameras, all at four moments of the last hours, more of a moment than fit on a page.
  const beganMs = Date.now() - 2 * 3_600_000;
  const cameras = ["one", "two", "three"];
  const sent = Array.from({ length: 60 }, (_, index) =>
    aDetection({
      id: aDetectionId(),
      plate: `PG${index}`,
      cameraId: cameras[index % 3] ?? "",
      capturedAt: new Date(beganMs + Math.floor(index / 15) * 1000).toISOString(),
    }),
  );
  await sendBatch(central.url, collector.apiKey, sent);
  const ids = await central.sql<
    { id: string }[]
  >`select id from detections where detected_at >= ${new Date(beganMs)} order by detected_at desc, id desc`;
  for (const limit of [1, 7, 15, 200]) {
    const read: string[] = [];
    let cursor: string | undefined;
    const reader = await central.signIn("operator");
    do {
      const page = await reader.trpc.detections.recent.query({ limit, ...(cursor ? { cursor } : {}) });
      expect(page.detections.length).toBeLessThanOrEqual(limit);
      read.push(...page.detections.map(({ id }) => id));
      cursor = page.cursor ?? undefined;
    } while (cursor);
    // A first page goes on to what is older than a day; those that follow it end there.
    const all = limit < ids.length ? read : read.slice(0, ids.length);
    expect([limit, all]).toEqual([limit, ids.map(({ id }) => id)]);
  }
});

test("The newest of one plate, of one camera, and of one plate at one camera", async () => {
  await see(
    { plate: "SEL1", cameraId: "left", capturedAt: at(20_000) },
    { plate: "SEL1", cameraId: "right", capturedAt: at(20_100) },
    { plate: "SEL2", cameraId: "left", capturedAt: at(20_200) },
  );
  const [left] = await central.sql<{ id: string }[]>`select id from cameras where key = 'left'`;
  const cameraId = left?.id ?? "";
  const { recent, timeline } = operator.trpc.detections;
  const told = (page: { detections: DetectionView[] }) =>
    page.detections.map(({ plate, camera }) => `${plate.text} ${camera.name}`);
  expect(told(await timeline.query({ plate: "sel-1" }))).toEqual(["SEL1 right", "SEL1 left"]);
  expect(told(await recent.query({ cameraId }))).toEqual(["SEL2 left", "SEL1 left"]);
  expect(told(await timeline.query({ plate: "SEL1", cameraId }))).toEqual(["SEL1 left"]);
});

test("What a camera said of the vehicle is shown, and nothing that is not text", async () => {
  const vehicle = { make: "Toyota", model: "", color: null, direction: "north", wheels: 4 };
  await see({ plate: "VEH1", capturedAt: at(30_000), vehicle });
  const { detections } = await operator.trpc.detections.timeline.query({ plate: "VEH1" });
  expect(detections[0]?.vehicle).toEqual({ make: "Toyota", model: null, color: null, type: null, direction: "north" });
});

test("The 61st search within a minute has to wait, and other questions go on", async () => {
  const eager = await central.signIn("operator");
  const asks = Array.from({ length: 61 }, () => failureOf(eager.trpc.detections.search.query({ plate: "NEVER99" })));
  const outcomes = await Promise.all(asks);
  expect(outcomes.filter((outcome) => outcome === "too_many")).toHaveLength(1);
  expect(await failureOf(eager.trpc.detections.recent.query({}))).toBe("ok");
});

test("A test of a camera stands in no list of what was seen", async () => {
  const other = await central.addCollector(["tested"]);
  const vendor = { name: TEST_VENDOR, eventId: crypto.randomUUID() };
  const [test, car] = [
    aDetection({ plate: null, cameraId: "tested", vendor }),
    aDetection({ plate: null, cameraId: "tested" }),
  ];
  const { body } = await sendBatch(central.url, other.apiKey, [test, car]);
  expect(body.results.map(({ status }) => status)).toEqual(["stored", "stored"]);
  const [camera] = await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${other.id}`;
  const { detections } = await operator.trpc.detections.recent.query({ cameraId: camera?.id ?? "", limit: 10 });
  expect(detections.map(({ id }) => id)).toEqual([car.id]);
});
