/**
 * One version of the protocol beside the next: a collector of this one with a central of version 1, and the reverse.
 * Rule: what version 1 sent and answered is written down here from what it really sent; neither side is asked to pretend.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Central,
  type Person,
  addAdministrator,
  operate,
  readMetric,
  signIn,
  startCentral,
} from "./support/central.ts";
import {
  type Collector,
  type Dropped,
  type Site,
  CAMERA,
  aPicture,
  dropDetection,
  prepareSite,
} from "./support/collector.ts";
import { type EarlierCentral, openEarlierCentral } from "./support/earlier-central.ts";
import { endEverything, temporaryFolder, until } from "./support/processes.ts";

/** More than one batch of the collector's preset. */
const DETECTIONS = 60;
const REFUSED = "REFUSED";
/** Longer than the 5 s that a batch waits for company: what is still due would be sent. */
const QUIET_MS = 6000;

const dataDir = temporaryFolder("skew-central");
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

let earlier: EarlierCentral;
let site: Site;
let collector: Collector;
let central: Central;
let person: Person;
let apiKey = "";

beforeAll(async () => {
  earlier = await openEarlierCentral(REFUSED);
  site = prepareSite(temporaryFolder("skew-collector"), { url: earlier.url, apiKey: earlier.apiKey });
  central = await startCentral(dataDir);
  person = await signIn(central.url, await addAdministrator(dataDir));
  ({ apiKey = "" } = await operate(dataDir, ["collector", "add", "--name", "Earlier"]));
  await operate(dataDir, ["camera", "approve", "--collector", "Earlier", "--id", CAMERA]);
});

afterAll(async () => {
  endEverything(dataDir);
  await earlier?.[Symbol.asyncDispose]();
});

const untilDrained = async (lastSeq: number): Promise<void> => {
  await until(
    "the collector has nothing left to send",
    () => {
      const newest = earlier.heartbeats.at(-1);
      return newest?.buffer.rows === 0 && newest.lastSeq === lastSeq;
    },
    { told: () => `${earlier.refusals.join(", ")} ${collector.output().slice(-2000)}` },
  );
};

test("this collector gets everything through to a central of version 1, and is refused nothing", async () => {
  const dropped: Omit<Dropped, "capturedAt">[] = Array.from({ length: DETECTIONS }, (_, place) => ({
    plate: place === DETECTIONS - 1 ? REFUSED : `V1N${String(place).padStart(3, "0")}`,
    pictures: place % 10 === 0 ? [aPicture("full", 20_000), aPicture("crop", 5000)] : [],
  }));
  collector = await site.start();
  for (const [place, detection] of dropped.entries()) await dropDetection(site, String(place), detection);
  await untilDrained(DETECTIONS);
  const imagesOf = (pictures: { role: string; sha256: string }[]) =>
    new Map(pictures.map(({ role, sha256: hash }) => [role, hash]));
  expect(new Map([...earlier.stored.values()].map(({ plate, images }) => [plate, images]))).toEqual(
    new Map(dropped.filter(({ plate }) => plate !== REFUSED).map(({ plate, pictures }) => [plate, imagesOf(pictures)])),
  );
  expect(earlier.stored.size).toBe(DETECTIONS - 1);
  expect(earlier.refusals).toEqual([]);
});

test("what a central of version 1 has acknowledged is not sent again, also after the collector was killed", async () => {
  const before = earlier.batches();
  await collector.kill();
  collector = await site.start();
  const beats = earlier.heartbeats.length;
  await until("the collector is heard again", () => earlier.heartbeats.length > beats);
  await untilDrained(DETECTIONS);
  await sleep(QUIET_MS);
  expect(earlier.batches()).toBe(before);
  expect(earlier.refusals).toEqual([]);
  await collector.kill();
});

/** What version 1 sent: plain detections, without nonce and predecessor, in this order of fields. */
const aDetection = (
  seq: number,
  plate: string,
  pictures: readonly { role: string; bytes: Buffer; sha256: string }[] = [],
) => ({
  id: `01a203c1-cbff-73d6-9df7-${String(seq).padStart(12, "0")}`,
  cameraId: CAMERA,
  capturedAt: new Date(Date.now() - seq * 60_000).toISOString(),
  cameraTime: "2026-11-22T10:00:00.000Z",
  clock: {
    source: "file",
    synced: true,
    offsetMs: null,
    bootId: "d2f154df-79ee-4e25-a6ed-3559fdce2423",
    monotonicMs: 23_270_333,
  },
  plate: { text: plate, confidence: 0.9 },
  vehicle: { make: "Seat" },
  location: null,
  vendor: { name: "folder", raw: "e3d34e32fcde6e29ef5492133f3154b7ed4ce129042fd8679cff4efb66dd15d8" },
  images: pictures.map(({ role, bytes, sha256: hash }) => ({
    role,
    sha256: hash,
    bytes: bytes.length,
    mime: "image/jpeg",
  })),
  epoch: 1,
  seq,
});
type Detection = ReturnType<typeof aDetection>;

/** The body of version 1, byte for byte but for its boundary. */
const aBody = (payloads: readonly string[], images: readonly { name: string; bytes: Buffer }[]): Buffer => {
  const boundary = "chaverim-0440f801d02d0a774b866357489537aa";
  const part = (disposition: string, type: string, bytes: Buffer) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ];
  return Buffer.concat([
    ...part('name="detections"', "application/json", Buffer.from(`[${payloads.join(",")}]`)),
    ...images.flatMap(({ name, bytes }) => part(`name="${name}"; filename="${name}.jpg"`, "image/jpeg", bytes)),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
};

const post = (path: string, contentType: string, body: Uint8Array<ArrayBuffer> | string): Promise<Response> =>
  fetch(`${central.url}${path}`, {
    method: "POST",
    headers: { "X-API-Key": apiKey, "User-Agent": "chaverim-collector/0.1.0", "Content-Type": contentType },
    body,
  });

type Receipt = {
  collector: string;
  epoch: number;
  seq: number;
  payload: string;
  receivedAt: string;
  keyId: string;
  signature: string;
};
type Result = {
  id: string;
  status: string;
  reason?: string;
  missing?: string[];
  retransmit?: string[];
  receipt?: Receipt;
};

/** Sends as version 1 did; that collector took the answer only when each result was one that it knew. */
const send = async (
  detections: readonly (Detection | object)[],
  images: readonly { name: string; bytes: Buffer }[] = [],
): Promise<Result[]> => {
  const body = aBody(
    detections.map((detection) => JSON.stringify(detection)),
    images,
  );
  const type = "multipart/form-data; boundary=chaverim-0440f801d02d0a774b866357489537aa";
  const answer = await post("/api/v1/detections/batch", type, new Uint8Array(body));
  expect(answer.status).toBe(200);
  const { results, pace } = (await answer.json()) as { results: Result[]; pace: object };
  expect(pace).toMatchObject({
    delayMs: expect.any(Number),
    maxBatch: expect.any(Number),
    imagesPaused: expect.any(Boolean),
  });
  for (const { status, reason } of results) {
    expect(["stored", "duplicate", "quarantined", "retransmit"]).toContain(status);
    expect([undefined, "malformed", "schema", "fork", "bad_hash", "not_jpeg"]).toContain(reason);
  }
  return results;
};

/** Version 1 forgot a detection on such a receipt alone, under a key that it had from `/api/v1/keys`. */
const isReceiptValid = async ({ seq }: Detection, payload: string, receipt: Receipt | undefined): Promise<boolean> => {
  const answer = await fetch(`${central.url}/api/v1/keys`);
  const { keys } = (await answer.json()) as { keys: { keyId: string; publicKey: string }[] };
  const known = keys.find(({ keyId }) => keyId === receipt?.keyId);
  if (!receipt || !known || receipt.payload !== sha256(payload) || receipt.seq !== seq || receipt.epoch !== 1)
    return false;
  const { collector: name, epoch, receivedAt, keyId } = receipt;
  const bytes = ["chaverim-receipt-v1", name, epoch, seq, receipt.payload, receivedAt, keyId].join("\n");
  const key = createPublicKey({ key: Buffer.from(known.publicKey, "base64"), format: "der", type: "spki" });
  return verify(null, Buffer.from(bytes), key, Buffer.from(receipt.signature, "base64"));
};

test("a collector of version 1 is taken as it was: stored, acknowledged, repeated, alerted on", async () => {
  const { id: watchlistId } = await person.call<{ id: string }>("watchlists.create", { name: "Watched", priority: 1 });
  await person.call("watchlists.addEntry", { watchlistId, plate: "WATCHED", reason: "skew", match: "exact" });
  const pictures = [aPicture("full", 5000), aPicture("crop", 2000)];
  const [first, second] = [aDetection(1, "WATCHED", pictures), aDetection(2, "007")];
  const images = pictures.map(({ role, bytes }) => ({ name: `image_1_${role}`, bytes }));
  // Newest first, as that collector sent.
  const sent = await send([second, first], images);
  expect(sent).toMatchObject([
    { id: second.id, status: "stored", missing: [] },
    { id: first.id, status: "stored", missing: [] },
  ]);
  for (const [index, detection] of [second, first].entries())
    expect(await isReceiptValid(detection, JSON.stringify(detection), sent[index]?.receipt)).toBe(true);
  expect(await send([second, first], images)).toEqual(sent.map((result) => ({ ...result, status: "duplicate" })));
  await until("no job waits", async () => (await readMetric(central.url, "alpr_outbox_depth")) === 0);
  const { alerts } = await person.call<{ alerts: { detection: { id: string } }[] }>("alerts.since", { cursor: null });
  expect(alerts.map(({ detection }) => detection.id)).toEqual([first.id]);
});

test("a collector of version 1 is told of trouble in words that it knows, with receipts that it can prune on", async () => {
  const broken = { ...aDetection(3, "BROKEN"), plate: 7 };
  const known = aDetection(2, "OTHER");
  const picture = aPicture("full", 3000);
  const pictured = aDetection(4, "PICTURED", [picture]);
  const altered = [{ name: "image_2_full", bytes: aPicture("full", 3000).bytes }];
  const once = await send([broken, known, pictured], altered);
  expect(once).toMatchObject([
    { status: "quarantined", reason: "schema" },
    { status: "quarantined", reason: "fork" },
    { status: "retransmit", retransmit: [picture.sha256] },
  ]);
  expect(await isReceiptValid(known, JSON.stringify(known), once[1]?.receipt)).toBe(true);
  expect(once[2]?.receipt).toBeUndefined();
  expect(await send([pictured], [{ name: "image_0_full", bytes: picture.bytes }])).toMatchObject([
    { status: "stored", missing: [] },
  ]);
});

test("a heartbeat of version 1 is taken, and its answer has what that version read and no command", async () => {
  const heartbeat = {
    protocol: 1,
    version: "0.1.0",
    uptimeSeconds: 3,
    epoch: 1,
    lastSeq: 4,
    buffer: { rows: 2, bytes: 1189, oldestAt: "2026-11-22T14:56:02.048Z", damaged: 0 },
    disk: { freeBytes: 79_073_288_192, totalBytes: 270_553_174_016 },
    temperature: null,
    clock: { now: new Date().toISOString(), offsetMs: 1, bootId: "d2f154df-79ee-4e25-a6ed-3559fdce2423" },
    cameras: [
      {
        cameraId: CAMERA,
        status: "online",
        lastDetectionAt: "2026-11-22T14:56:02.049Z",
        clockOffsetMs: null,
        occupantPicturesDropped: 0,
      },
    ],
  };
  const answer = await post("/api/v1/heartbeat", "application/json", JSON.stringify(heartbeat));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    serverTime: expect.stringMatching(/^\d{4}-.*Z$/),
    pace: { delayMs: expect.any(Number), maxBatch: expect.any(Number), imagesPaused: expect.any(Boolean) },
    commands: [],
  });
  const collectors = await person.call<{ name: string; version: string; queue: { rows: number } }[]>("collectors.list");
  expect(collectors).toMatchObject([{ name: "Earlier", queue: { rows: 2 } }]);
});
