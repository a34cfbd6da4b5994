/** Who signed what came, whether it follows what came before, and what is counted with it. */
import { type Detection, type Receipt, TEST_VENDOR } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addImportKey, rotateKey } from "../collectors/keys.ts";
import { aDetection, aJpeg, hex, isReceiptGenuine, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type TestDevice, aDevice, aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { noteReceived } from "./tally.ts";

let central: TestCentral;
let collector: TestCollector;
let device: TestDevice;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  collector = await central.addCollector(["gate"]);
  device = aDevice();
});

const send = async (elements: readonly unknown[], pictures: Parameters<typeof sendBatch>[3] = []) =>
  (await sendBatch(central.url, collector.apiKey, elements, pictures)).body.results;
const introduce = (as = device) => sendHeartbeat(central.url, collector.apiKey, aHeartbeat(), as);
const storedOf = (id: string) => central.sql`
  select d.integrity, p.signature from detections d join evidence_payloads p on p.id = d.id where d.id = ${id}`;
const alertsOf = (kind: string) => central.sql<{ detail: unknown }[]>`
  select detail from health_alerts where collector_id = ${collector.id} and kind = ${kind} and resolved_at is null`;
const receivedOf = () => central.sql<{ epoch: number; seqs: string }[]>`
  select epoch::int as epoch, seqs::text as seqs from collector_received where collector_id = ${collector.id} order by epoch`;

/** Detections that follow each other: each names the SHA-256 of the one before. */
const aChain = (seqs: readonly number[], first: string | null = null): Detection[] => {
  let prev = first;
  return seqs.map((seq) => {
    const detection = aDetection({ plate: `CHAIN${seq}`, epoch: 1, seq, prev, nonce: "n" });
    prev = hex(JSON.stringify(detection));
    return detection;
  });
};

test("What the known device signed is stored as ok, and says so when it comes again", async () => {
  await introduce();
  const pictures = { crop: aJpeg() };
  const element = device.element(aDetection({ plate: "SIGNED1" }, pictures));
  expect(await send([element])).toMatchObject([{ status: "stored", integrity: "ok", missing: ["crop"] }]);
  const [again] = await send([element], [pictures]);
  expect(again).toMatchObject({ status: "duplicate", integrity: "ok", missing: [] });
  expect(await storedOf(again?.id ?? "")).toEqual([{ integrity: "ok", signature: element.signature }]);
});

test("A signature over other bytes, by another device or of another kind is quarantined, receipted over its payload", async () => {
  await introduce();
  const detection = aDetection({ plate: "FORGED1", epoch: 1, seq: 9 });
  const payload = JSON.stringify(detection);
  const forgeries = [
    { payload, signature: device.element(aDetection()).signature },
    { payload, signature: aDevice().element(detection).signature },
    { payload, signature: device.sign("heartbeat", payload) },
    { payload, signature: "bm90IGEgc2lnbmF0dXJl" },
    { payload, signature: "" },
  ];
  for (const forgery of forgeries) {
    const pictures = [{ crop: aJpeg() }];
    const [result] = await send([forgery], pictures);
    expect(result).toMatchObject({ id: detection.id, status: "quarantined", reason: "bad_signature" });
    expect(result?.receipt).toMatchObject({ payload: hex(payload), epoch: 1, seq: 9 });
    expect(await isReceiptGenuine(central.url, result?.receipt as Receipt)).toBe(true);
    const [held] = await central.sql`
      select convert_from(raw, 'UTF8') as raw, images from quarantine where raw = ${Buffer.from(JSON.stringify(forgery))}`;
    expect(held).toEqual({ raw: JSON.stringify(forgery), images: [expect.objectContaining({ part: "crop" })] });
  }
  expect(await storedOf(detection.id)).toEqual([]);
  expect(await receivedOf()).toEqual([{ epoch: 1, seqs: "{[9,10)}" }]);
});

test("Images may follow an element that is quarantined for its signature, and a release has them, however late they come", async () => {
  await introduce();
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({ plate: "LATEBAD", epoch: 1, seq: 4 }, pictures);
  const element = aDevice().element(detection);
  const [first] = await send([element]);
  expect(first).toMatchObject({ status: "quarantined", missing: ["full", "crop"] });
  const wrong = await send([element], [{ crop: aJpeg() }]);
  expect(wrong).toMatchObject([{ status: "quarantined", missing: ["full", "crop"] }]);
  const then = await send([element], [{ crop: pictures.crop }]);
  expect(then).toMatchObject([{ status: "quarantined", missing: ["full"], receipt: first?.receipt }]);
  const admin = await central.signIn("admin");
  const [held] = await central.sql<{ id: string }[]>`select id from quarantine where detection_id = ${detection.id}`;
  const id = held?.id ?? "";
  expect((await admin.trpc.quarantine.read.query({ id })).images).toEqual([
    { part: "crop", sha256: hex(pictures.crop), bytes: pictures.crop.length },
  ]);
  await admin.trpc.quarantine.decide.mutate({ id, decision: "released" });
  const rolesOf = () =>
    central.sql`select role from evidence_images where detection_id = ${detection.id} order by role`;
  expect(await rolesOf()).toEqual([{ role: "crop" }]);
  expect(await send([element], [pictures])).toMatchObject([{ status: "quarantined", missing: [] }]);
  expect(await rolesOf()).toEqual([{ role: "crop" }, { role: "full" }]);
  const image = await admin.fetch(`/api/evidence/${detection.id}/full`);
  expect(Buffer.from(await image.arrayBuffer()).equals(pictures.full)).toBe(true);
});

test("What a script numbers by the clock is known up to a thousand holes back, and of its epochs the last hundred", async () => {
  const note = (epoch: number, seqs: readonly number[]) =>
    noteReceived(
      central.sql,
      collector.id,
      seqs.map((seq) => ({ epoch, seq })),
    );
  const evens = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + 2 * index);
  const ranges = () => central.sql`
    select count(*)::int as count, min(lower(r))::int as lowest from collector_received, unnest(seqs) r
    where collector_id = ${collector.id} and epoch = 1`;
  await note(1, evens(0, 2000));
  expect(await ranges()).toEqual([{ count: 2000, lowest: 0 }]);
  await note(1, [4000]);
  expect(await ranges()).toEqual([{ count: 1000, lowest: 2002 }]);
  // Nothing is said of what was forgotten, and nothing is missing there.
  const { received } = (await sendHeartbeat(central.url, collector.apiKey, aHeartbeat({ lastSeq: 4000 }))).body;
  expect([received?.truncated, received?.ranges.at(-1)]).toEqual([true, [4000, 4000]]);
  for (let epoch = 2; epoch <= 110; epoch++) await note(epoch, [1]);
  await note(11, [2]);
  const epochs = (await receivedOf()).map(({ epoch }) => epoch);
  expect([epochs.length, epochs[0], epochs.at(-1)]).toEqual([100, 11, 110]);
});

test("A test of a camera is stored, and is nothing that the camera saw", async () => {
  const vendor = { name: TEST_VENDOR, eventId: crypto.randomUUID() };
  expect(await send([aDetection({ plate: null, vendor })])).toMatchObject([{ status: "stored" }]);
  const seen = () => central.sql`
    select c.last_detection_at is not null as seen, coalesce(sum(h.detections), 0)::int as count
    from cameras c left join camera_hours h on h.camera_id = c.id where c.collector_id = ${collector.id} group by 1`;
  expect(await seen()).toEqual([{ seen: false, count: 0 }]);
  await send([aDetection({ plate: null })]);
  expect(await seen()).toEqual([{ seen: true, count: 1 }]);
});

test("Of what is no detection, or whose pictures are what is wrong, none is asked for", async () => {
  const picture = Buffer.from("no jpeg");
  const results = await send(
    [{ ...aDetection({}, { crop: aJpeg() }), capturedAt: "yesterday" }, aDetection({}, { crop: picture })],
    [undefined, { crop: picture }],
  );
  expect(results.map(({ reason, missing }) => [reason, missing])).toEqual([
    ["schema", undefined],
    ["not_jpeg", undefined],
  ]);
});

test("Once its device is known, what a collector sends plain is quarantined; the signed beside it is stored", async () => {
  const plain = aDetection({ plate: "PLAIN1" });
  expect(await send([plain])).toMatchObject([{ status: "stored", integrity: "unsigned" }]);
  await introduce();
  const later = aDetection({ plate: "PLAIN2" });
  const results = await send([later, device.element(aDetection({ plate: "SIGNED2" }))]);
  expect(results).toMatchObject([
    { id: later.id, status: "quarantined", integrity: "unsigned", receipt: { payload: hex(JSON.stringify(later)) } },
    { status: "stored", integrity: "ok" },
  ]);
  // A collector of protocol 1 would not understand an answer with a reason that it does not know.
  expect(results[0]).not.toHaveProperty("reason");
  expect(await central.sql`select reason from quarantine where detection_id = ${later.id}`).toEqual([
    { reason: "unsigned" },
  ]);
});

test("Whoever sends with a collector's key and not from its device does not make it look alive", async () => {
  await introduce();
  const seenAt = async () =>
    (await central.sql`select last_seen_at from collectors where id = ${collector.id}`)[0]?.["last_seen_at"] as Date;
  const before = await seenAt();
  await send([aDetection(), aDevice().element(aDetection())]);
  expect(await seenAt()).toEqual(before);
  await send([aDetection(), device.element(aDetection())]);
  expect((await seenAt()).getTime()).toBeGreaterThan(before.getTime());
});

test("A key for bringing in another system's archive stores it as unsigned beside a device that signs, and does nothing else", async () => {
  await introduce();
  const { apiKey } = await addImportKey(central.sql, collector.id, null);
  const foreign = aDetection({ plate: "ARCHIVE1" });
  const signedByNobody = aDevice().element(aDetection({ plate: "ARCHIVE2" }));
  const { results } = (await sendBatch(central.url, apiKey, [foreign, signedByNobody])).body;
  expect(results).toMatchObject([
    { status: "stored", integrity: "unsigned" },
    { status: "stored", integrity: "unsigned" },
  ]);
  expect((await sendHeartbeat(central.url, apiKey, aHeartbeat(), device)).status).toBe(403);
  // The collector's own keys go on as before, also when it gets a further one.
  await rotateKey(central.sql, collector.id, null);
  expect(await send([device.element(aDetection({ plate: "ARCHIVE3" }))])).toMatchObject([{ integrity: "ok" }]);
  const [key] = await central.sql<{ scopes: string[]; isShort: boolean }[]>`
    select scopes, expires_at < now() + interval '25 hours' as "isShort" from collector_keys
    where prefix = ${apiKey.slice(0, 10)} and collector_id = ${collector.id}`;
  expect(key).toEqual({ scopes: ["import"], isShort: true });
});

test("What was stored before its device was known stays unsigned, and its repeat is no new fact", async () => {
  const element = device.element(aDetection({ plate: "EARLY1" }));
  expect(await send([element])).toMatchObject([{ status: "stored", integrity: "unsigned" }]);
  await introduce();
  expect(await send([element])).toMatchObject([{ status: "duplicate", integrity: "unsigned" }]);
});

test("A signed element that is no detection is quarantined with a receipt that its collector can use", async () => {
  await introduce();
  const payload = JSON.stringify({ ...aDetection({ epoch: 1, seq: 3 }), capturedAt: "yesterday" });
  const [result] = await send([{ payload, signature: device.sign("payload", payload) }]);
  expect(result).toMatchObject({ status: "quarantined", reason: "schema", receipt: { payload: hex(payload), seq: 3 } });
});

test("A chain that fits is ok in any order; nothing is said of neighbours that have not come", async () => {
  await introduce();
  const elements = aChain([1, 2, 3, 4, 5, 6]).map(device.element);
  for (const order of [[5, 4], [1], [0], [3, 2]]) {
    const results = await send(order.map((index) => elements[index]));
    expect(results.map(({ integrity }) => integrity)).toEqual(order.map(() => "ok"));
  }
  expect(await alertsOf("gap")).toEqual([]);
  expect(await receivedOf()).toEqual([{ epoch: 1, seqs: "{[1,7)}" }]);
});

test.each([
  ["after what is stored", [0], [1]],
  ["before what is stored", [1], [0]],
])(
  "A payload that does not fit the one %s is stored as a gap, and an alert tells of it",
  async (_where, first, second) => {
    await introduce();
    const elements = [...aChain([10]), ...aChain([11], "ab".repeat(32))].map(device.element);
    expect(await send(first.map((index) => elements[index]))).toMatchObject([{ integrity: "ok" }]);
    const [broken] = await send(second.map((index) => elements[index]));
    expect(broken).toMatchObject({ status: "stored", integrity: "gap", receipt: expect.anything() });
    expect(await storedOf(broken?.id ?? "")).toMatchObject([{ integrity: "gap" }]);
    expect(await alertsOf("gap")).toMatchObject([
      { detail: { brokenAt: { epoch: 1, seq: second[0] === 1 ? 11 : 10 } } },
    ]);
  },
);

test("Within one batch the later of two that do not fit is the gap, and another epoch is another chain", async () => {
  await introduce();
  const [first, second] = [...aChain([20]), ...aChain([21], "cd".repeat(32))];
  const other = { ...aDetection({ plate: "EPOCH2" }), epoch: 2, seq: 21, prev: null };
  const results = await send([second, first, other].map((detection) => device.element(detection as Detection)));
  expect(results.map(({ integrity }) => integrity)).toEqual(["gap", "ok", "ok"]);
});

test("A neighbour with numbers and escapes that PostgreSQL does not take is compared all the same", async () => {
  await introduce();
  const [first, second] = aChain([30, 31]);
  const odd = (detection: Detection | undefined) =>
    JSON.stringify(detection).replace("{", '{"huge":1e400,"twice":"\\u0000","twice":"x",');
  const oddFirst = odd(first);
  const sign = (payload: string) => ({ payload, signature: device.sign("payload", payload) });
  const oddSecond = odd({ ...(second as Detection), prev: hex(oddFirst) });
  expect(await send([sign(oddSecond)])).toMatchObject([{ integrity: "ok" }]);
  expect(await send([sign(oddFirst)])).toMatchObject([{ integrity: "ok" }]);
});

test("Numbers are noted once, by epoch, whatever became of the element; without a number there is nothing to note", async () => {
  const numbered = (epoch: number, seq: number) => aDetection({ plate: `N${seq}`, epoch, seq });
  await send([numbered(1, 1), numbered(1, 2), numbered(1, 5), numbered(2, 7), aDetection()]);
  await send([{ ...numbered(1, 3), capturedAt: "yesterday" }]);
  expect(await receivedOf()).toEqual([
    { epoch: 1, seqs: "{[1,4),[5,6)}" },
    { epoch: 2, seqs: "{[7,8)}" },
  ]);
  const end = numbered(1, Number.MAX_SAFE_INTEGER);
  await send([end]);
  await send([end]);
  expect((await receivedOf())[0]?.seqs).toBe("{[1,4),[5,6),[9007199254740991,9007199254740992)}");
});

test("An element whose picture has to come again is not counted as received", async () => {
  const detection = aDetection({ plate: "RETRY1", epoch: 4, seq: 1 }, { crop: aJpeg() });
  expect(await send([detection], [{ crop: aJpeg() }])).toMatchObject([{ status: "retransmit" }]);
  expect(await receivedOf()).toEqual([]);
});

test("Detections are counted by camera and hour of capture, a repeat not again", async () => {
  const at = (text: string, plate: string, cameraId = "gate") => aDetection({ capturedAt: text, plate, cameraId });
  const batch = [
    at("2026-06-01T10:00:00Z", "H1"),
    at("2026-06-01T10:59:59.999Z", "H2"),
    at("2026-06-01T11:00:00Z", "H3"),
    at("2026-06-01T10:30:00Z", "H4", "yard"),
  ];
  await send(batch);
  await send(batch);
  await send([at("2026-06-01T10:15:00Z", "H5")]);
  expect(
    await central.sql`select c.key, h.hour, h.detections from camera_hours h join cameras c on c.id = h.camera_id
      where c.collector_id = ${collector.id} order by 1, 2`,
  ).toEqual([
    { key: "gate", hour: new Date("2026-06-01T10:00:00Z"), detections: 3 },
    { key: "gate", hour: new Date("2026-06-01T11:00:00Z"), detections: 1 },
    { key: "yard", hour: new Date("2026-06-01T10:00:00Z"), detections: 1 },
  ]);
});
