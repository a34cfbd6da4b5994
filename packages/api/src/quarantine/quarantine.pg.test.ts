/** What administrators see of quarantine, and what their decisions do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Detection } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Pictures, aDetection, aJpeg, hex, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { aDevice, aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { type Browser, failureOf } from "../testing/people.ts";

let central: TestCentral;
let admin: Browser;
let collector: TestCollector;
beforeAll(async () => {
  central = await openTestCentral();
  admin = await central.signIn("admin");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const { user } = await admin.trpc.auth.me.query();
  for (const limit of ["admin", "browse"] as const) await central.central.limits.forget(limit, user.id);
  collector = await central.addCollector(["gate"]);
});

const send = async (elements: unknown, pictures: readonly (Pictures | undefined)[] = []) =>
  (await sendBatch(central.url, collector.apiKey, elements, pictures)).body.results;
/** The newest of this collector. */
const heldId = async () =>
  (
    await central.sql<
      { id: string }[]
    >`select id from quarantine where collector_id = ${collector.id} order by received_at desc limit 1`
  )[0]?.id ?? "";
const decide = (id: string, decision: "kept" | "released", note?: string) =>
  admin.trpc.quarantine.decide.mutate({ id, decision, ...(note ? { note } : {}) });
const storedOf = (id: string) => central.sql`
  select d.plate, d.integrity, d.received_at as "receivedAt", p.payload, p.signature,
    array(select role from evidence_images i where i.detection_id = d.id order by 1) as roles
  from detections d join evidence_payloads p on p.id = d.id where d.id = ${id}`;
const knowDevice = async () => {
  const device = aDevice();
  await sendHeartbeat(central.url, collector.apiKey, aHeartbeat(), device);
  return device;
};

/** A detection with a good picture in the store and a wrong one, quarantined for the wrong one. */
const aBadHash = async (): Promise<{ detection: Detection; pictures: Pictures }> => {
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({ plate: "BADHASH1", epoch: 1, seq: 1 }, pictures);
  for (let turn = 0; turn < 3; turn++) await send([detection], [{ full: pictures.full, crop: aJpeg() }]);
  return { detection, pictures };
};

test("The list is newest first, by reason, by what is decided, and page by page", async () => {
  for (let from = 0; from < 120; from += 60) await send(Array.from({ length: 60 }, (_, index) => from + index));
  await send("no json");
  const mine = (page: { items: { collector: { id: string } }[] }) =>
    page.items.filter((item) => item.collector.id === collector.id);
  const first = await admin.trpc.quarantine.list.query({});
  expect(first.items[0]).toEqual({
    id: await heldId(),
    collector: { id: collector.id, name: collector.name },
    reason: "malformed",
    detail: "detections is not JSON",
    detectionId: null,
    bytes: 7,
    images: 0,
    receivedAt: expect.any(String),
    decided: null,
  });
  const ids = new Set<string>();
  let cursor: string | null | undefined;
  do {
    const page = await admin.trpc.quarantine.list.query({ reason: "schema", ...(cursor ? { cursor } : {}) });
    expect(page.items.every(({ reason }) => reason === "schema")).toBe(true);
    for (const { id } of page.items) ids.add(id);
    cursor = page.cursor;
  } while (cursor);
  expect(ids.size).toBe(120);
  await decide(await heldId(), "kept", "seen");
  expect(mine(await admin.trpc.quarantine.list.query({ open: false }))).toMatchObject([
    { reason: "malformed", decided: { decision: "kept", by: "A admin", note: "seen", at: expect.any(String) } },
  ]);
  const open = await admin.trpc.quarantine.list.query({ open: true });
  expect(open.items.every(({ decided }) => decided === null)).toBe(true);
  expect(await failureOf(admin.trpc.quarantine.list.query({ cursor: "nothing" }))).toBe("invalid");
});

test("An element is shown as text in which nothing hides, cut at 64 KB, with its images by hash", async () => {
  const body = `\ufeff[{"plate":"\u0007\u202eABC\u200b\u0000"}\r\n\tno json ${"x".repeat(100_000)}`;
  const picture = aJpeg();
  await send(body, [{ full: picture }]);
  const { view, text, images } = await admin.trpc.quarantine.read.query({ id: await heldId() });
  expect(text.startsWith('⟨U+FEFF⟩[{"plate":"⟨U+0007⟩⟨U+202E⟩ABC⟨U+200B⟩⟨U+0000⟩"}⟨U+000D⟩\n\tno json xxx')).toBe(true);
  expect(text.length).toBeLessThan(66_000);
  expect(view.bytes).toBe(Buffer.byteLength(body));
  expect(images).toEqual([{ part: "image_0_full", sha256: hex(picture), bytes: picture.length }]);
  expect(await failureOf(admin.trpc.quarantine.read.query({ id: crypto.randomUUID() }))).toBe("not_found");
});

test("Bytes that are no text are shown all the same", async () => {
  const form = new FormData();
  form.append("detections", new Blob([new Uint8Array([0xff, 0xfe, 0x41, 0xc3])]), "detections.json");
  await fetch(`${central.url}/api/v1/detections/batch`, {
    method: "POST",
    headers: { "X-API-Key": collector.apiKey },
    body: form,
  });
  const { text } = await admin.trpc.quarantine.read.query({ id: await heldId() });
  expect(text).toBe("\ufffd\ufffdA\ufffd");
});

test("A release makes the detection that was sent, with the images that are the declared ones, received when it was", async () => {
  const { detection, pictures } = await aBadHash();
  const id = await heldId();
  const [held] = await central.sql<
    { receivedAt: Date }[]
  >`select received_at as "receivedAt" from quarantine where id = ${id}`;
  await sleep(10);
  await decide(id, "released");
  expect(await storedOf(detection.id)).toEqual([
    {
      plate: "BADHASH1",
      integrity: "unsigned",
      receivedAt: held?.receivedAt,
      payload: JSON.stringify(detection),
      signature: null,
      roles: ["full"],
    },
  ]);
  const image = await admin.fetch(`/api/evidence/${detection.id}/full`);
  expect(Buffer.from(await image.arrayBuffer()).equals(pictures.full as Buffer)).toBe(true);
  expect(
    await central.sql`select decision, detection_id, note from quarantine_decisions where quarantine_id = ${id}`,
  ).toEqual([{ decision: "released", detection_id: detection.id, note: null }]);
  // Its collector may still bring the other image, and gets the receipt that it had.
  expect(await send([detection], [{ crop: pictures.crop as Buffer }])).toMatchObject([
    { status: "duplicate", missing: [], receipt: { receivedAt: held?.receivedAt.toISOString() } },
  ]);
});

test("A decision is made once, by however many people at the same moment, and never changed", async () => {
  const { detection } = await aBadHash();
  const id = await heldId();
  const outcomes = await Promise.all([
    failureOf(decide(id, "released")),
    failureOf(decide(id, "released")),
    failureOf(decide(id, "kept")),
  ]);
  expect(outcomes.filter((outcome) => outcome === "conflict")).toHaveLength(2);
  for (const decision of ["kept", "released"] as const) expect(await failureOf(decide(id, decision))).toBe("conflict");
  expect(await central.sql`select 1 from quarantine_decisions where quarantine_id = ${id}`).toHaveLength(1);
  expect((await storedOf(detection.id)).length).toBeLessThanOrEqual(1);
  expect(await failureOf(decide(crypto.randomUUID(), "kept"))).toBe("not_found");
});

test("What its signature does not prove stays marked as that when it is released", async () => {
  const device = await knowDevice();
  const detection = aDetection({ plate: "BADSIG1" });
  const forged = aDevice().element(detection);
  await send([forged]);
  await decide(await heldId(), "released");
  expect(await storedOf(detection.id)).toMatchObject([{ integrity: "bad_signature", ...forged }]);
  const plain = aDetection({ plate: "PLAIN1" });
  await send([plain]);
  await decide(await heldId(), "released");
  expect(await storedOf(plain.id)).toMatchObject([{ integrity: "unsigned" }]);
  const picture = Buffer.from("no jpeg");
  const signed = device.element(aDetection({ plate: "SIGNED1" }, { crop: picture }));
  const [result] = await send([signed], [{ crop: picture }]);
  expect(result).toMatchObject({ status: "quarantined", reason: "not_jpeg" });
  await decide(await heldId(), "released");
  // Signed by the device, and the picture that is none is not shown as one.
  expect(await storedOf(result?.id ?? "")).toMatchObject([{ integrity: "ok", roles: [], payload: signed.payload }]);
});

test.each<[string, (detection: Detection) => Promise<unknown>]>([
  ["is still no detection", (detection) => send([{ ...detection, capturedAt: "yesterday" }])],
  ["is no JSON", () => send("no json")],
  [
    "has an id that another one has",
    async (detection) => {
      await send([detection]);
      await send([{ ...detection, plate: { text: "OTHER" } }]);
    },
  ],
])("What %s stays in quarantine, undecided, and says why", async (_what, make) => {
  const detection = aDetection({ plate: "STAYS1" });
  await make(detection);
  const before = await storedOf(detection.id);
  const held = await central.sql`select 1 from quarantine`;
  const id = await heldId();
  await expect(decide(id, "released")).rejects.toThrow(/^It stays in quarantine: /);
  expect(await failureOf(decide(id, "released"))).toBe("conflict");
  expect(await storedOf(detection.id)).toEqual(before);
  expect(await central.sql`select 1 from quarantine`).toHaveLength(held.length);
  await decide(id, "kept");
});

test("What was stored in the meantime is not stored again", async () => {
  const { detection, pictures } = await aBadHash();
  expect(await send([detection], [pictures])).toMatchObject([{ status: "stored" }]);
  await expect(decide(await heldId(), "released")).rejects.toThrow("the same detection has been stored since");
  expect(await storedOf(detection.id)).toHaveLength(1);
});

test("A released detection of a watched plate alerts, marked late when it is old", async () => {
  await central.sql`insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
    select id, 'WATCHED1', 'WATCHED1', 'test', 'exact', now() + interval '1 day' from watchlists limit 1`;
  await central.sql`select pg_notify('watchlists', '')`;
  await knowDevice();
  const capturedAt = new Date(Date.now() - 11 * 60_000).toISOString();
  await send([aDetection({ plate: "WATCHED1", capturedAt })]);
  await decide(await heldId(), "released");
  await expect
    .poll(() => central.sql`select late from alerts where plate = 'WATCHED1'`, { timeout: 15_000 })
    .toEqual([{ late: true }]);
});

test("Whoever looks into quarantine is in the access log, with what was shown", async () => {
  await send([1]);
  const id = await heldId();
  await admin.trpc.quarantine.read.query({ id });
  expect(
    await central.sql`select outcome, filters, result_count from access_log where action = 'quarantine.read' order by id desc limit 1`,
  ).toEqual([{ outcome: "ok", filters: { id }, result_count: 1 }]);
});
