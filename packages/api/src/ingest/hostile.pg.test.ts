/** Foreign text of every kind comes in as evidence: kept or quarantined, never an error of central's. */
import { PLATE_TEXT_MAX } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  aDetection,
  aDetectionId,
  aForm,
  aJpeg,
  hex,
  isReceiptGenuine,
  sendBatch,
  sendForm,
} from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import type { Browser } from "../testing/people.ts";

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

const send = (detections: unknown, pictures: Parameters<typeof sendBatch>[3] = []) =>
  sendBatch(central.url, collector.apiKey, detections, pictures);
const withPlate = (text: unknown) => ({ ...aDetection(), plate: { text, confidence: 0.5 } });
const good = () => aDetection({ plate: "ALIVE1", cameraId: "yard" });
const DEEP = 200_000;
const deeply = (id: string) =>
  `${JSON.stringify({ ...aDetection({ id }) }).slice(0, -1)},"deep":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`;

test.each([
  ["10,000 characters", "A".repeat(10_000)],
  ["a control character", "AB\u0007C"],
  ["NUL", "AB\u0000C"],
  ["half a surrogate pair", "AB\ud800C"],
  ["a number", 123],
  ["an object", { text: "ABC" }],
])("A plate of %s is quarantined with a receipt; the element beside it is stored", async (_what, plate) => {
  const { status, body } = await send([withPlate(plate), good()]);
  expect(status).toBe(200);
  expect(body.results).toMatchObject([{ status: "quarantined", reason: "schema" }, { status: "stored" }]);
  const receipt = body.results[0]?.receipt;
  expect(receipt && (await isReceiptGenuine(central.url, receipt))).toBe(true);
});

test("A plate of HTML is stored as it was read and shown as text", async () => {
  const text = `<img src=x onerror="alert('1')">`;
  const { body } = await send([withPlate(text)]);
  expect(body.results[0]?.status).toBe("stored");
  const { detections } = await operator.trpc.detections.timeline.query({ plate: text });
  expect(detections[0]?.plate).toEqual({ text, normalized: "IMGSRCXONERRORALERT1", confidence: 0.5 });
});

test.each(["007", "0x1A", "1e5", "NULL1", "true", "שלום 12-345-67", "𝟙𝟚𝟛", "１２３ＡＢＣ"])(
  "The plate %j is kept as text",
  async (text) => {
    const detection = withPlate(text);
    const { body } = await send([detection]);
    expect(body.results[0]?.status).toBe("stored");
    const [row] = await central.sql`select plate_text from detections where id = ${detection.id}`;
    expect(row?.["plate_text"]).toBe(text);
  },
);

test("Text that grows when it is normalised is announced and matched like any other", async () => {
  // One character of this kind stands for five letters: 60 such plates are more than NOTIFY takes in one message.
  const plates = Array.from({ length: 60 }, () => "㎯".repeat(PLATE_TEXT_MAX));
  await send(plates.map((plate, index) => aDetection({ plate, cameraId: `grow-${index}` })));
  await expect
    .poll(async () => (await central.sql`select last_error from outbox`).map((row) => row["last_error"] as unknown), {
      timeout: 5000,
    })
    .toEqual([]);
});

test("Nesting without end is quarantined, and the element beside it is stored", async () => {
  const id = aDetectionId();
  const text = deeply(id);
  const { status, body } = await send(`[${text},${JSON.stringify(good())}]`);
  expect(status).toBe(200);
  expect(body.results).toMatchObject([{ id, status: "quarantined", reason: "schema" }, { status: "stored" }]);
  expect(body.results[0]?.receipt?.payload).toBe(hex(text));
});

test("Keys such as __proto__ are data", async () => {
  const detection = aDetection({ plate: "PROTO1" });
  const payload = `${JSON.stringify(detection).slice(0, -1)},"__proto__":{"role":"admin"},"constructor":{"prototype":{"x":1}}}`;
  const { body } = await send(`[${payload}]`);
  expect(body.results[0]).toMatchObject({ status: "stored", receipt: { payload: hex(payload) } });
  expect(({} as { role?: string }).role).toBeUndefined();
});

test.each([
  ["unknown field", { note: "a\u0000b" }],
  ["unknown field", { note: "a\udfffb" }],
  ["unknown key", { "a\u0000b": 1 }],
  ["vehicle", { vehicle: { make: "x", owner: "a\ud800" } }],
])("Text in an %s that the database cannot hold is quarantined", async (_where, extra) => {
  const { status, body } = await send([{ ...aDetection(), ...extra }]);
  expect([status, body.results[0]?.status, body.results[0]?.reason]).toEqual([200, "quarantined", "schema"]);
});

test.each([
  ["a signature with NUL", { payload: JSON.stringify(aDetection()), signature: "AA\u0000" }],
  ["a payload that is no JSON", { payload: "not json", signature: "AA==" }],
  ["a payload of NUL", { payload: "\u0000", signature: "AA==" }],
  ["a payload of a lone surrogate", { payload: `"\ud800"`, signature: "AA==" }],
])("%s is quarantined", async (_what, element) => {
  const { status, body } = await send([element]);
  expect([status, body.results[0]?.status]).toEqual([200, "quarantined"]);
});

test("Numbers at the ends of what they may be are stored", async () => {
  const { body } = await send([
    {
      ...aDetection({ plate: "MAX1", epoch: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }),
      plate: { text: "MAX1", confidence: Number.MIN_VALUE },
    },
    {
      ...aDetection({ plate: "MAX2", epoch: 0, seq: 0 }),
      box: [1e308, -1e308, 0, 0],
      clock: { source: "x", synced: true, offsetMs: -1e308 },
    },
  ]);
  expect(body.results.map(({ status }) => status)).toEqual(["stored", "stored"]);
});

test("Numbers past those ends are quarantined", async () => {
  const { status, body } = await send([
    { ...aDetection(), epoch: 2 ** 60 },
    { ...aDetection(), seq: -1 },
    { ...aDetection(), plate: { text: "A1", confidence: 2 } },
  ]);
  expect([status, body.results.map((result) => result.status)]).toEqual([
    200,
    ["quarantined", "quarantined", "quarantined"],
  ]);
});

test("A detection that declares one picture twice is answered, with the picture missing once", async () => {
  const crop = aJpeg();
  const detection = aDetection({ plate: "DOUBLE1" }, { crop });
  const { status, body } = await send([{ ...detection, images: [...detection.images, ...detection.images] }]);
  expect([status, body.results[0]?.status]).toEqual([200, "stored"]);
  expect(body.results[0]?.missing).toEqual(["crop"]);
});

test.each([
  "x",
  "image_0_scene",
  "image_5_full",
  "image_-1_full",
  "image_00001_full",
  "__proto__",
  "image_0_full[a][b]",
])("A file part named %s belongs to nothing: refused whole, nothing stored", async (name) => {
  const detection = aDetection({ plate: "PARTS1" });
  const answer = await sendForm(central.url, collector.apiKey, aForm([detection], { [name]: aJpeg() }));
  expect([answer.status, answer.failure.code]).toEqual([400, "invalid"]);
  expect(await central.sql`select 1 from evidence_payloads where id = ${detection.id}`).toEqual([]);
});

test("A text part that is not known is refused as such, not as too large", async () => {
  const form = aForm([good()]);
  form.append("comment", "hello");
  const answer = await sendForm(central.url, collector.apiKey, form);
  expect([answer.status, answer.failure.code]).toEqual([400, "invalid"]);
});

test("A batch without detections is refused", async () => {
  const form = new FormData();
  form.append("image_0_full", new Blob([new Uint8Array(aJpeg())]), "x.jpg");
  const answer = await sendForm(central.url, collector.apiKey, form);
  expect([answer.status, answer.failure.code]).toEqual([400, "invalid"]);
});

test("Detections that come as a file are taken as well", async () => {
  const form = new FormData();
  form.append("detections", new Blob([JSON.stringify([good()])], { type: "application/json" }), "detections.json");
  const answer = await sendForm(central.url, collector.apiKey, form);
  expect([answer.status, answer.body.results[0]?.status]).toEqual([200, "stored"]);
});

test("500 elements are taken, 501 are too many", async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => aDetection({ plate: `MANY${index % 50}`, cameraId: "many" }));
  const taken = await send(many(500));
  expect([taken.status, taken.body.results.length]).toEqual([200, 500]);
  const refused = await send(many(501));
  expect([refused.status, refused.failure.code, refused.failure.details]).toEqual([
    413,
    "too_large",
    { maxItems: 500 },
  ]);
});
