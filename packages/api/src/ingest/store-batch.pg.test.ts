/** What central answers to a batch that it can read, row by row of the wire's table. */
import { type Receipt, batchResponseSchema } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aDetectionId, aJpeg, hex, isReceiptGenuine, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import type { Browser } from "../testing/people.ts";

let central: TestCentral;
let collector: TestCollector;
let admin: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["gate"]);
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const send = (detections: unknown, pictures: Parameters<typeof sendBatch>[3] = [], from = collector) =>
  sendBatch(central.url, from.apiKey, detections, pictures);
const seconds = (count: number) => new Date(Date.UTC(2026, 5, 1, 12, 0, 0) + count * 1000).toISOString();
const countOf = async (table: string) =>
  (await central.sql<{ count: number }[]>`select count(*)::int as count from ${central.sql(table)}`)[0]?.count ?? 0;

test("A detection with both pictures is stored with a receipt, and its pictures come back byte for byte", async () => {
  const pictures = { full: aJpeg(60_000), crop: aJpeg(9000) };
  const detection = aDetection({ plate: "NORMAL 1" }, pictures);
  const answer = await send([detection], [pictures]);

  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(() => batchResponseSchema.parse(answer.body)).not.toThrow();
  expect(answer.body.results).toEqual([
    { id: detection.id, status: "stored", missing: [], integrity: "unsigned", receipt: expect.anything() },
  ]);
  const receipt = answer.body.results[0]?.receipt as Receipt;
  expect(receipt.payload).toBe(hex(JSON.stringify(detection)));
  expect(await isReceiptGenuine(central.url, receipt)).toBe(true);
  expect(await isReceiptGenuine(central.url, { ...receipt, payload: hex("other bytes") })).toBe(false);

  for (const role of ["full", "crop"] as const) {
    const image = await admin.fetch(`/api/evidence/${detection.id}/${role}`);
    expect(image.status).toBe(200);
    expect(image.headers.get("cache-control")).toBe("private, no-store");
    const bytes = Buffer.from(await image.arrayBuffer());
    expect(bytes.equals(pictures[role])).toBe(true);
    expect(image.headers.get("repr-digest")).toBe(`sha-256=:${Buffer.from(hex(bytes), "hex").toString("base64")}:`);
  }
});

test("Receipts are signed over the exact text of a payload that came as text", async () => {
  const detection = aDetection({ plate: "EXACT1", epoch: 3, seq: 41 });
  const payload = JSON.stringify(detection, null, 2);
  const answer = await send([{ payload, signature: "bm90IGNoZWNrZWQgeWV0" }]);
  expect(answer.body.results[0]).toMatchObject({
    status: "stored",
    receipt: { payload: hex(payload), epoch: 3, seq: 41 },
  });
  const [held] = await central.sql`select payload from evidence_payloads where id = ${detection.id}`;
  expect(held?.["payload"]).toBe(payload);
});

test("The same bytes again are a duplicate with the same receipt, and change nothing", async () => {
  const detection = aDetection({ plate: "AGAIN1" });
  const first = await send([detection]);
  const before = await central.sql`select * from plates where plate = 'AGAIN1'`;
  const second = await send([detection, detection]);
  expect(second.body.results.map(({ status }) => status)).toEqual(["duplicate", "duplicate"]);
  for (const { receipt } of second.body.results) expect(receipt).toEqual(first.body.results[0]?.receipt);
  expect(await central.sql`select * from plates where plate = 'AGAIN1'`).toEqual(before);
});

test("An element that stands twice in one batch is stored once", async () => {
  const detection = aDetection({ plate: "TWICE1" });
  const { body } = await send([detection, detection]);
  expect(body.results.map(({ status }) => status)).toEqual(["stored", "duplicate"]);
  expect(body.results[0]?.receipt).toEqual(body.results[1]?.receipt);
});

test("Pictures that follow later are stored, and what is missing shrinks", async () => {
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({ plate: "LATERPIC" }, pictures);
  const bare = await send([detection]);
  expect(bare.body.results[0]).toMatchObject({ status: "stored", missing: ["full", "crop"] });
  expect((await admin.fetch(`/api/evidence/${detection.id}/crop`)).status).toBe(404);
  const withCrop = await send([detection], [{ crop: pictures.crop }]);
  expect(withCrop.body.results[0]).toMatchObject({ status: "duplicate", missing: ["full"] });
  const withFull = await send([detection], [{ full: pictures.full }]);
  expect(withFull.body.results[0]).toMatchObject({ status: "duplicate", missing: [] });
  const image = await admin.fetch(`/api/evidence/${detection.id}/full`);
  expect(Buffer.from(await image.arrayBuffer()).equals(pictures.full)).toBe(true);
});

test("Other bytes under an id that is stored are a fork: both are kept, the first stays the fact", async () => {
  const detection = aDetection({ plate: "FORK1" });
  await send([detection]);
  const forged = { ...detection, plate: { text: "FORK2", confidence: 1 } };
  const { status, body } = await send([forged]);
  expect(status).toBe(200);
  expect(body.results[0]).toMatchObject({ id: detection.id, status: "quarantined", reason: "fork" });
  expect(await isReceiptGenuine(central.url, body.results[0]?.receipt as Receipt)).toBe(true);
  const [held] =
    await central.sql`select convert_from(raw, 'UTF8') as raw from quarantine where detection_id = ${detection.id}`;
  expect(JSON.parse(held?.["raw"] as string)).toEqual(forged);
  expect(await central.sql`select plate from detections where id = ${detection.id}`).toEqual([{ plate: "FORK1" }]);
});

test("An id that another collector has used is a fork, even with the same bytes", async () => {
  const other = await central.addCollector();
  const detection = aDetection({ plate: "FORK3" });
  await send([detection]);
  const { body } = await send([detection], [], other);
  expect(body.results[0]).toMatchObject({ status: "quarantined", reason: "fork" });
});

test("Two collectors that claim one id at the same moment: one stores it, the other's is a fork", async () => {
  const others = await Promise.all(Array.from({ length: 4 }, () => central.addCollector()));
  const ids = Array.from({ length: 20 }, () => aDetectionId());
  const answers = await Promise.all(
    // Each in another order, so that they meet in the middle.
    others.map((from, turn) => {
      const order = turn % 2 === 0 ? ids : ids.toReversed();
      return send(
        order.map((id, index) => aDetection({ id, plate: `RACE${index}`, cameraId: from.name })),
        [],
        from,
      );
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const stored = answers.flatMap(({ body }) =>
    body.results.filter(({ status }) => status === "stored").map(({ id }) => id ?? ""),
  );
  expect(stored.toSorted()).toEqual(ids.toSorted());
});

test("The same plate at the same camera within 30 s is linked to the first, 31 s later it is not", async () => {
  const [a, b, c] = [0, 30, 31].map((at) => aDetection({ plate: "WINDOW1", capturedAt: seconds(at) }));
  await send([a]);
  const { body } = await send([b, c]);
  expect(body.results[0]).toMatchObject({ status: "stored", dedupOf: a?.id });
  expect(body.results[1]).toMatchObject({ status: "stored" });
  expect(body.results[1]).not.toHaveProperty("dedupOf");
});

test("Within one batch the earliest is the first, whatever the order of the elements", async () => {
  const [early, late] = [0, 12].map((at) => aDetection({ plate: "ORDER1", capturedAt: seconds(at) }));
  const { body } = await send([late, early]);
  expect(body.results[0]).toMatchObject({ dedupOf: early?.id });
  expect(body.results[1]).not.toHaveProperty("dedupOf");
});

test("A reading that arrives after a later one is linked to it", async () => {
  const [early, late] = [100, 112].map((at) => aDetection({ plate: "ORDER2", capturedAt: seconds(at) }));
  await send([late]);
  const { body } = await send([early]);
  expect(body.results[0]).toMatchObject({ status: "stored", dedupOf: late?.id });
});

test("Another camera, another plate or no plate at all is never linked", async () => {
  const capturedAt = seconds(200);
  const { body } = await send([
    aDetection({ plate: "LINK1", capturedAt }),
    aDetection({ plate: "LINK1", capturedAt, cameraId: "yard" }),
    aDetection({ plate: "L1NK1", capturedAt }),
    aDetection({ plate: null, capturedAt }),
    aDetection({ plate: "unknown", capturedAt }),
  ]);
  expect(body.results.filter(({ dedupOf }) => dedupOf)).toEqual([]);
});

test("One invalid element is quarantined with its reason, the others are stored", async () => {
  const good = [aDetection({ plate: "GOOD1" }), aDetection({ plate: "GOOD2", cameraId: "yard" })];
  const bad = { ...aDetection(), capturedAt: "yesterday" };
  const { status, body } = await send([good[0], bad, 17, null, good[1]]);
  expect(status).toBe(200);
  expect(body.results.map(({ status: result }) => result)).toEqual([
    "stored",
    "quarantined",
    "quarantined",
    "quarantined",
    "stored",
  ]);
  expect(body.results[1]).toMatchObject({
    id: bad.id,
    reason: "schema",
    detail: expect.stringContaining("capturedAt"),
  });
  expect(body.results[1]?.receipt?.payload).toBe(hex(JSON.stringify(bad)));
  const [held] =
    await central.sql`select convert_from(raw, 'UTF8') as raw from quarantine where detection_id = ${bad.id}`;
  expect(held?.["raw"]).toBe(JSON.stringify(bad));
});

test("Pictures that differ from their hash are asked for twice more, then kept in quarantine", async () => {
  const detection = aDetection({ plate: "HASH1" }, { full: aJpeg(), crop: aJpeg() });
  const wanted = detection.images.find(({ role }) => role === "full")?.sha256;
  const wrong = { full: aJpeg() };
  for (const turn of [1, 2]) {
    const { body } = await send([detection], [wrong]);
    expect([turn, body.results[0]]).toEqual([turn, { id: detection.id, status: "retransmit", retransmit: [wanted] }]);
  }
  const third = await send([detection], [wrong]);
  expect(third.body.results[0]).toMatchObject({ status: "quarantined", reason: "bad_hash" });
  expect(third.body.results[0]?.receipt).toBeDefined();
  const [held] = await central.sql`select images from quarantine where detection_id = ${detection.id}`;
  expect(held?.["images"]).toMatchObject([{ part: "full", sha256: hex(wrong.full) }]);
});

test("An element whose picture has to come again does not hold up the others", async () => {
  const pictures = { crop: aJpeg() };
  const other = aDetection({ plate: "HASH2", cameraId: "yard" }, pictures);
  const { body } = await send(
    [aDetection({ plate: "HASH3" }, { crop: aJpeg() }), other],
    [{ crop: aJpeg() }, pictures],
  );
  expect(body.results.map(({ status }) => status)).toEqual(["retransmit", "stored"]);
});

test("A picture that is no JPEG is quarantined although its hash is right", async () => {
  const pictures = { crop: Buffer.from("<script>alert(1)</script>") };
  const detection = aDetection({ plate: "NOTJPEG" }, pictures);
  const { body } = await send([detection], [pictures]);
  expect(body.results[0]).toMatchObject({ status: "quarantined", reason: "not_jpeg", receipt: expect.anything() });
  expect((await admin.fetch(`/api/evidence/${detection.id}/crop`)).status).toBe(404);
});

test("A picture that was not declared is quarantined with its element", async () => {
  const { body } = await send([aDetection({ plate: "UNDECLARED" })], [{ crop: aJpeg() }]);
  expect(body.results[0]).toMatchObject({
    status: "quarantined",
    reason: "schema",
    detail: expect.stringContaining("crop"),
  });
});

test.each([
  ["2034", "2034-01-01T00:00:00Z"],
  ["1999", "1999-12-31T23:59:59+02:00"],
])("A clock in %s is not believed: stored, marked, and found at the time it was received", async (year, capturedAt) => {
  const plate = `CLOCK${year}`;
  const { body } = await send([aDetection({ plate, capturedAt })]);
  expect(body.results[0]).toMatchObject({ status: "stored", clock: "suspect" });
  const { detections } = await admin.trpc.detections.timeline.query({ plate });
  expect(detections).toMatchObject([{ clockSuspect: true, plate: { normalized: plate } }]);
  expect(Math.abs(Date.parse(detections[0]?.detectedAt ?? "") - Date.now())).toBeLessThan(60_000);
  const [held] = await central.sql`select captured_at as at from detections where plate = ${plate}`;
  expect(held?.["at"]).toEqual(new Date(capturedAt));
});

test.each(["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])(
  "A clock at the end of time (%s) is stored or quarantined, never an error",
  async (capturedAt) => {
    const { status, body } = await send([aDetection({ plate: "ENDOFTIME", capturedAt })]);
    expect([status, body.results?.[0]?.receipt?.payload]).toEqual([200, expect.any(String)]);
  },
);

test("A detection of two years ago is stored in the month in which it was seen", async () => {
  const capturedAt = "2024-02-29T23:59:59.999Z";
  const { body } = await send([aDetection({ plate: "OLD2024", capturedAt })]);
  expect(body.results[0]).toMatchObject({ status: "stored" });
  expect(body.results[0]).not.toHaveProperty("clock");
  expect(await central.sql`select tableoid::regclass::text as month from detections where plate = 'OLD2024'`).toEqual([
    { month: "detections_2024_02" },
  ]);
});

test("An unknown camera is made by itself, unapproved", async () => {
  await send([aDetection({ plate: "NEWCAM", cameraId: 'back "door", {left}\\NULL' })]);
  expect(
    await central.sql`select name, approved_at from cameras where key = 'back "door", {left}\\NULL' and collector_id = ${collector.id}`,
  ).toEqual([{ name: 'back "door", {left}\\NULL', approved_at: null }]);
});

test("An empty batch is an empty answer", async () => {
  const { status, body } = await send([]);
  expect([status, body.results]).toEqual([200, []]);
  expect(body.pace.imagesPaused).toBe(false);
});

test("Fields that central does not know are kept", async () => {
  const detection = { ...aDetection({ plate: "EXTRA1" }), fromTheFuture: { nested: ["kept"] } };
  await send([detection]);
  const [held] = await central.sql`select payload from evidence_payloads where id = ${detection.id}`;
  expect(JSON.parse(held?.["payload"] as string)).toEqual(detection);
});

test("A batch leaves one job for the alert engine and nothing when there is nothing new", async () => {
  const detection = aDetection({ plate: "JOB1" });
  const before = await countOf("evidence_payloads");
  await send([detection]);
  await send([detection]);
  expect(await countOf("evidence_payloads")).toBe(before + 1);
});
