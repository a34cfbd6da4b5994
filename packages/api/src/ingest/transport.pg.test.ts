/** What happens to a batch that does not arrive whole, not alone, or not at a good moment. */
import { readdir } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BATCH_BYTES_MAX, IMAGE_BYTES_MAX } from "@chaverim/contracts";
import { openDatabase } from "@chaverim/db/open";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DiskFullError, StoreUnavailableError } from "../evidence/store.ts";
import { aDetection, aForm, aJpeg, hex, isReceiptGenuine, sendBatch, sendForm, toBytes } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { TEXT_BYTES_MAX } from "./receive-multipart.ts";

let central: TestCentral;
let collector: TestCollector;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  collector = await central.addCollector(["gate"]);
});
// Whatever happened, nothing waits in staging.
afterEach(async () => {
  await expect.poll(() => readdir(join(central.dataDir, "evidence", "staging")), { timeout: 3000 }).toEqual([]);
});

const isStored = async (id: string) =>
  (
    await central.sql`select 1 from evidence_payloads where id = ${id} union all select 1 from detections where id = ${id}`
  ).length > 0;
const batchPath = "/api/v1/detections/batch";

type Exchange = { text: string; error: string | null };

/** What comes back for what `write` sends, byte for byte. */
const exchange = (write: (socket: Socket) => void): Promise<Exchange> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(central.url);
    let text = "";
    let error: string | null = null;
    const socket = connect(Number(port), hostname, () => write(socket));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code ?? cause.message));
    socket.on("close", () => resolve({ text, error }));
  });

/** As simple clients do it: everything is written before the answer is read. */
const exchangeWritingFirst = (parts: readonly (string | Uint8Array)[]): Promise<Exchange> =>
  exchange((socket) => {
    socket.pause();
    for (const part of parts) socket.write(part);
    socket.write("", () => socket.resume());
  });
const head = (headers: Record<string, string | number>) =>
  `POST ${batchPath} HTTP/1.1\r\nHost: central\r\nX-API-Key: ${collector.apiKey}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;

test("Detections that are no JSON are kept whole, with the same receipt each time", async () => {
  const body = '[{"id": "half a detec';
  const first = await sendBatch(central.url, collector.apiKey, body);
  expect(first.status).toBe(202);
  expect(first.body.results).toMatchObject([{ id: null, status: "quarantined", reason: "malformed" }]);
  const receipt = first.body.results[0]?.receipt;
  expect(receipt?.payload).toBe(hex(body));
  expect(receipt && (await isReceiptGenuine(central.url, receipt))).toBe(true);
  const second = await sendBatch(central.url, collector.apiKey, body);
  expect(second.body.results[0]?.receipt).toEqual(receipt);
  expect(
    await central.sql`select convert_from(raw, 'UTF8') as raw from quarantine where collector_id = ${collector.id}`,
  ).toEqual([{ raw: body }]);
});

test("Pictures beside detections that are no JSON are kept with them", async () => {
  const picture = aJpeg();
  const { status } = await sendForm(central.url, collector.apiKey, aForm("no json", { image_0_full: picture }));
  expect(status).toBe(202);
  const [held] = await central.sql`select images from quarantine where collector_id = ${collector.id}`;
  expect(held?.["images"]).toMatchObject([{ part: "image_0_full", sha256: hex(picture), bytes: picture.length }]);
});

test("A body that is cut anywhere leaves nothing behind, and is taken whole afterwards", async () => {
  const pictures = { full: aJpeg(40_000), crop: aJpeg(4000) };
  const detection = aDetection({ plate: "CUT1" }, pictures);
  const form = aForm([detection], { image_0_full: pictures.full, image_0_crop: pictures.crop });
  const { body, contentType } = await toBytes(form);
  const cuts = [
    0,
    1,
    40,
    200,
    500,
    700,
    900,
    5000,
    30_000,
    41_000,
    body.length - 3000,
    body.length - 50,
    body.length - 5,
    body.length - 1,
  ];
  for (const cut of cuts) {
    await exchange((socket) => {
      socket.write(head({ "Content-Type": contentType, "Content-Length": body.length }));
      socket.write(body.subarray(0, cut), () => setTimeout(() => socket.destroy(), 10));
    });
    expect([cut, await isStored(detection.id)]).toEqual([cut, false]);
  }
  const whole = await fetch(`${central.url}${batchPath}`, {
    method: "POST",
    headers: { "X-API-Key": collector.apiKey, "Content-Type": contentType },
    body: new Uint8Array(body),
  });
  expect(whole.status).toBe(200);
  expect(await isStored(detection.id)).toBe(true);
});

test("A multipart text that ends early inside a whole request is answered as incomplete", async () => {
  const picture = aJpeg(20_000);
  const detection = aDetection({ plate: "CUT2" }, { full: picture });
  const { body, contentType } = await toBytes(aForm([detection], { image_0_full: picture }));
  for (const share of [0.2, 0.5, 0.9, 0.999]) {
    const response = await fetch(`${central.url}${batchPath}`, {
      method: "POST",
      headers: { "X-API-Key": collector.apiKey, "Content-Type": contentType },
      body: new Uint8Array(body.subarray(0, Math.floor(body.length * share))),
    });
    expect([share, response.status, await response.json()]).toMatchObject([share, 400, { code: "incomplete" }]);
  }
  expect(await isStored(detection.id)).toBe(false);
});

test.each([
  ["no key", undefined],
  ["another form of key", "secret"],
  ["a key that nobody was given", `alpr_${"A".repeat(43)}`],
])("With %s nothing is stored: 401 key_unknown", async (_what, key) => {
  const detection = aDetection();
  const response = await fetch(`${central.url}${batchPath}`, {
    method: "POST",
    headers: key ? { "X-API-Key": key } : {},
    body: aForm([detection]),
  });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, "key_unknown"]);
  expect(await isStored(detection.id)).toBe(false);
});

test("A revoked key is told so at once, batch and heartbeat alike", async () => {
  await sendBatch(central.url, collector.apiKey, [aDetection()]);
  const admin = await central.signIn("admin");
  await admin.trpc.collectors.revoke.mutate({ id: collector.id, reason: "stolen" });
  const { status, failure } = await sendBatch(central.url, collector.apiKey, [aDetection()]);
  expect([status, failure.code]).toEqual([401, "key_revoked"]);
  const heartbeat = await fetch(`${central.url}/api/v1/heartbeat`, {
    method: "POST",
    headers: { "X-API-Key": collector.apiKey },
  });
  expect([heartbeat.status, ((await heartbeat.json()) as { code: string }).code]).toEqual([401, "key_revoked"]);
});

test("A wrong key before a large body: the answer is readable, also for a client that writes first", async () => {
  const answer = await exchangeWritingFirst([
    head({ "Content-Type": "multipart/form-data; boundary=x", "Content-Length": MEDIUM }).replace(
      collector.apiKey,
      "nobody's",
    ),
    Buffer.alloc(MEDIUM),
  ]);
  expect(answer.text).toMatch(/^HTTP\/1\.1 401 [\s\S]*"key_unknown"/);
});

/** A full batch; more than any socket buffer holds. */
const MEDIUM = 30 * 1024 * 1024;
const LARGE = 40 * 1024 * 1024;
const limits = {
  maxBatchBytes: BATCH_BYTES_MAX,
  maxTextBytes: TEXT_BYTES_MAX,
  maxItemBytes: IMAGE_BYTES_MAX,
  maxItems: 500,
};

test("40 MB are refused with the limits, and a client that writes everything first can read that", async () => {
  const answer = await exchangeWritingFirst([
    head({ "Content-Type": "multipart/form-data; boundary=x", "Content-Length": LARGE }),
    Buffer.alloc(LARGE),
  ]);
  expect(answer.text).toMatch(/^HTTP\/1\.1 413 /);
  expect(JSON.parse(answer.text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: "too_large", details: limits });
});

test("40 MB in chunks without a length are refused with the limits as well", async () => {
  const picture = aJpeg(7 * 1024 * 1024);
  const { body, contentType } = await toBytes(
    aForm([], Object.fromEntries([0, 1, 2, 3, 4, 5].map((index) => [`image_${index}_full`, picture]))),
  );
  const parts: (string | Uint8Array)[] = [head({ "Content-Type": contentType, "Transfer-Encoding": "chunked" })];
  for (let at = 0; at < body.length; at += 65_536) {
    const chunk = body.subarray(at, at + 65_536);
    parts.push(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n");
  }
  const answer = await exchangeWritingFirst([...parts, "0\r\n\r\n"]);
  expect(answer.text).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer.text).toContain('"too_large"');
});

test("A sender that never ends what it was refused is cut off", async () => {
  let pouring: NodeJS.Timeout | undefined;
  const answer = await exchange((socket) => {
    socket.write(head({ "Content-Type": "multipart/form-data; boundary=x", "Content-Length": 10 ** 12 }));
    pouring = setInterval(() => socket.write(Buffer.alloc(65_536)), 20);
  });
  clearInterval(pouring);
  expect(answer.text).toMatch(/^HTTP\/1\.1 413 /);
});

test("The client of Node reads the refusal of a large batch", async () => {
  const pictures = Object.fromEntries(
    [0, 1, 2, 3, 4, 5].map((index) => [`image_${index}_full`, aJpeg(7 * 1024 * 1024)]),
  );
  const { status, failure } = await sendForm(central.url, collector.apiKey, aForm([], pictures));
  expect([status, failure.code, failure.details]).toEqual([413, "too_large", limits]);
});

test("One picture of more than 8 MB is refused with the limits", async () => {
  const { status, failure } = await sendForm(
    central.url,
    collector.apiKey,
    aForm([aDetection()], { image_0_full: aJpeg(IMAGE_BYTES_MAX + 1) }),
  );
  expect([status, failure.code]).toEqual([413, "too_large"]);
});

test.each(["a field", "a file"])(
  "A text of more than 4 MB, sent as %s, is refused with the limits; one of 4 MB is read",
  async (kind) => {
    const sendText = (bytes: number) => {
      const text = "x".repeat(bytes);
      const form = new FormData();
      if (kind === "a field") form.append("detections", text);
      else form.append("detections", new Blob([text]), "detections.json");
      return sendForm(central.url, collector.apiKey, form);
    };
    expect(await sendText(TEXT_BYTES_MAX + 1)).toMatchObject({
      status: 413,
      failure: { code: "too_large", details: limits },
    });
    expect(await sendText(TEXT_BYTES_MAX)).toMatchObject({ status: 202, body: { results: [{ reason: "malformed" }] } });
  },
);

test("A part whose head runs into the next boundary is answered as incomplete, and takes no place for long", async () => {
  const body = [
    "--x",
    'Content-Disposition: form-data; name="detections"; filename="detections"',
    "--x",
    "",
    "--",
    "",
  ].join("\r\n");
  const send = () =>
    fetch(`${central.url}${batchPath}`, {
      method: "POST",
      headers: { "X-API-Key": collector.apiKey, "Content-Type": "multipart/form-data; boundary=x" },
      body,
    });
  // As many as one key may have under way.
  const answers = await Promise.all([1, 2, 3, 4].map(send));
  const told = await Promise.all(answers.map((answer) => answer.json()));
  const refusal = { code: "incomplete", message: expect.stringContaining("A part has no end") };
  expect(told).toMatchObject([refusal, refusal, refusal, refusal]);
  expect((await sendBatch(central.url, collector.apiKey, [aDetection()])).status).toBe(200);
});

test.each([
  ["application/json", "[]", 415, "media_type"],
  ["text/plain", "[]", 415, "media_type"],
  ["multipart/form-data", "no boundary", 400, "invalid"],
  ["multipart/form-data; boundary=x", "no such boundary", 400, "incomplete"],
])("A body of %s is answered %#", async (contentType, body, status, code) => {
  const response = await fetch(`${central.url}${batchPath}`, {
    method: "POST",
    headers: { "X-API-Key": collector.apiKey, "Content-Type": contentType },
    body,
  });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
});

test("A fifth batch of one key at once is told to wait; another collector is not", async () => {
  const other = await central.addCollector();
  const { body, contentType } = await toBytes(aForm([aDetection()]));
  const slow: Socket[] = [];
  // More than may be under way, so that four are whatever else arrives.
  for (let count = 0; count < 8; count++) {
    void exchange((socket) => {
      slow.push(socket);
      socket.write(head({ "Content-Type": contentType, "Content-Length": body.length }));
      socket.write(body.subarray(0, 100));
    });
  }
  await expect
    .poll(async () => (await sendBatch(central.url, collector.apiKey, [])).status, { timeout: 3000 })
    .toBe(429);
  const refused = await sendBatch(central.url, collector.apiKey, [aDetection()]);
  expect([refused.status, refused.failure.code]).toEqual([429, "inflight"]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(5);
  expect((await sendBatch(central.url, other.apiKey, [aDetection()])).status).toBe(200);
  for (const socket of slow) socket.write(body.subarray(100));
  await expect
    .poll(async () => (await sendBatch(central.url, collector.apiKey, [])).status, { timeout: 3000 })
    .toBe(200);
  for (const socket of slow) socket.destroy();
});

test("Senders that go away while their key is looked up take no place, however many they are", async () => {
  const { body, contentType } = await toBytes(aForm([aDetection()]));
  const gone: Socket[] = [];
  await using owner = openDatabase(central.databaseUrl, { max: 2 });
  await owner.sql.begin(async (transaction) => {
    await transaction`lock table collector_keys in access exclusive mode`;
    // As many as may be under way at once, half of them with everything that they have to say.
    for (const part of [body, body.subarray(0, 100), body, body.subarray(0, 100)]) {
      void exchange((socket) => {
        gone.push(socket);
        socket.write(head({ "Content-Type": contentType, "Content-Length": body.length }));
        socket.write(part);
      });
    }
    const countWaiting = async () =>
      (await owner.sql`select 1 from pg_locks where relation = 'collector_keys'::regclass and not granted`).length;
    await expect.poll(countWaiting, { timeout: 3000 }).toBe(4);
    for (const socket of gone) socket.destroy();
    await sleep(100);
  });
  await expect
    .poll(async () => (await sendBatch(central.url, collector.apiKey, [])).status, { timeout: 3000 })
    .toBe(200);
});

test("When the database does not answer, nothing is stored and the collector is told when to come again", async () => {
  const pictures = { crop: aJpeg() };
  const detection = aDetection({ plate: "AWAY1" }, pictures);
  const database = central.central.database;
  // Port 9 (discard) is closed on loopback: what a stopped server looks like.
  await using away = openDatabase("postgres://alpr:x@127.0.0.1:9/alpr", { max: 2 });
  central.central.database = away;
  try {
    const { status, failure, headers } = await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
    expect([status, failure.code, headers.get("retry-after")]).toEqual([503, "db_unavailable", "5"]);
  } finally {
    central.central.database = database;
  }
  expect(await isStored(detection.id)).toBe(false);
  expect((await sendBatch(central.url, collector.apiKey, [detection], [pictures])).body.results[0]).toMatchObject({
    status: "stored",
    missing: [],
  });
});

test("When the database ends every connection in the middle of batches, what was answered as stored is stored", async () => {
  const senders = await Promise.all(Array.from({ length: 4 }, () => central.addCollector()));
  // Whoever works as the server cannot end a connection of another login.
  await using owner = openDatabase(central.databaseUrl, { max: 1 });
  let ending = true;
  const killer = (async () => {
    while (ending) {
      await owner.sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and application_name = 'chaverim-server' and pid <> pg_backend_pid()`.catch(() => undefined);
      await sleep(40);
    }
  })();
  const answers = (
    await Promise.all(
      senders.map(async (sender) => {
        const sent = [];
        for (let turn = 0; turn < 12; turn++) {
          const batch = Array.from({ length: 10 }, (_, index) =>
            aDetection({ plate: `KILL${index}`, cameraId: `kill-${turn}` }),
          );
          sent.push({ batch, answer: await sendBatch(central.url, sender.apiKey, batch) });
        }
        return sent;
      }),
    )
  ).flat();
  ending = false;
  await killer;
  const statuses = new Set(answers.map(({ answer }) => answer.status));
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(statuses.has(503)).toBe(true);
  for (const { batch, answer } of answers) {
    const ids = batch.map(({ id }) => id);
    // Not over the server's connections, of which the last ones that were ended say so with their next question.
    const found = await owner.sql`select 1 from evidence_payloads where id = any(${ids}::uuid[])`;
    const listed = await owner.sql`select 1 from detections where id = any(${ids}::uuid[])`;
    // All or nothing, and all whenever it was said. (A commit whose answer was lost may have happened all the same.)
    expect(answer.status === 200 ? [10] : [0, 10]).toContain(found.length);
    expect(listed.length).toBe(found.length);
  }
  // Each connection that was ended says so once; it must not say it to the next test.
  await Promise.allSettled(Array.from({ length: 24 }, () => central.sql`select 1`));
});

test.each([
  ["does not answer", new StoreUnavailableError("away"), 503, "store_unavailable", "10"],
  ["is full", new DiskFullError("full"), 507, "disk_full", "60"],
])("When the evidence store %s there is no row", async (_what, error, status, code, retryAfter) => {
  const pictures = { full: aJpeg() };
  const detection = aDetection({ plate: "STORE1" }, pictures);
  const store = central.central.store;
  central.central.store = {
    ...store,
    commit: async (staged) => {
      await Promise.all(staged.map((object) => object.discard()));
      throw error;
    },
  };
  try {
    const answer = await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
    expect([answer.status, answer.failure.code, answer.headers.get("retry-after")]).toEqual([status, code, retryAfter]);
  } finally {
    central.central.store = store;
  }
  expect(await isStored(detection.id)).toBe(false);
});

test("When staging fails in the middle of a body the answer comes all the same", async () => {
  const store = central.central.store;
  central.central.store = { ...store, stage: () => Promise.reject(new StoreUnavailableError("away")) };
  try {
    const answer = await sendBatch(central.url, collector.apiKey, [aDetection()], [{ full: aJpeg(3_000_000) }]);
    expect([answer.status, answer.failure.code]).toEqual([503, "store_unavailable"]);
  } finally {
    central.central.store = store;
  }
});

test("With less than the reserve on the disk ingest stops and administrators are told; it goes on by itself", async () => {
  await using full = await openTestCentral();
  const sender = await full.addCollector(["gate"]);
  const admin = await full.signIn("admin");
  const viewer = await full.signIn("viewer");
  const noticesOf = async (who: typeof admin) =>
    (await who.trpc.auth.me.query()).notices.map(({ kind, by }) => [kind, by]);
  const { store } = full.central;
  let freeBytes = 1e9;
  full.central.store = { ...store, space: () => Promise.resolve({ freeBytes, totalBytes: 1e12 }) };
  const send = () => sendBatch(full.url, sender.apiKey, [aDetection()]);
  const areImagesPaused = async () =>
    (await sendHeartbeat(full.url, sender.apiKey, aHeartbeat())).body.pace.imagesPaused;

  for (let turn = 0; turn < 3; turn++) {
    const answer = await send();
    expect([answer.status, answer.failure.code, answer.headers.get("retry-after")]).toEqual([507, "disk_full", "60"]);
  }
  expect([await noticesOf(admin), await noticesOf(viewer)]).toEqual([[["disk_full", sender.name]], []]);
  // Everything else goes on: signing in, health, heartbeats, which say that images wait.
  expect((await fetch(`${full.url}/healthz`)).status).toBe(200);
  await full.signIn("operator");
  expect(await areImagesPaused()).toBe(true);

  // Above the reserve and not far: detections come again, images wait.
  freeBytes = 3e9;
  await expect.poll(async () => (await send()).status, { timeout: 5000 }).toBe(200);
  expect(await areImagesPaused()).toBe(true);
  freeBytes = 1e11;
  await expect.poll(async () => (await send()).body.pace.imagesPaused, { timeout: 5000 }).toBe(false);
  expect(await areImagesPaused()).toBe(false);
});

test("A notice of a full disk that stands from before a restart goes with the first batch", async () => {
  await using restarted = await openTestCentral();
  const sender = await restarted.addCollector(["gate"]);
  const admin = await restarted.signIn("admin");
  await restarted.sql`insert into notices (user_id, kind, detail) select id, 'disk_full', '{}' from users`;
  expect((await admin.trpc.auth.me.query()).notices).toHaveLength(1);
  await sendBatch(restarted.url, sender.apiKey, [aDetection()]);
  expect((await admin.trpc.auth.me.query()).notices).toEqual([]);
});

test("When the evidence store does not answer, collectors are told to send without images", async () => {
  await using slow = await openTestCentral();
  const sender = await slow.addCollector(["gate"]);
  const { store } = slow.central;
  slow.central.store = { ...store, stage: () => Promise.reject(new StoreUnavailableError("away")) };
  const pictures = { crop: aJpeg() };
  const detection = aDetection({}, pictures);
  expect((await sendBatch(slow.url, sender.apiKey, [detection], [pictures])).status).toBe(503);
  expect((await sendHeartbeat(slow.url, sender.apiKey, aHeartbeat())).body.pace.imagesPaused).toBe(true);
  expect((await sendBatch(slow.url, sender.apiKey, [detection])).body).toMatchObject({
    results: [{ status: "stored", missing: ["crop"] }],
    pace: { imagesPaused: true },
  });
});

test("While a table is locked batches end with 503 within six seconds, and what they brought is stored once afterwards", async () => {
  const detection = aDetection({ plate: "LOCKED1" });
  await using owner = openDatabase(central.databaseUrl, { max: 1 });
  await owner.sql.begin(async (transaction) => {
    await transaction`lock table evidence_payloads in access exclusive mode`;
    const startedAt = performance.now();
    const { status, failure } = await sendBatch(central.url, collector.apiKey, [detection]);
    expect([status, failure.code]).toEqual([503, "db_unavailable"]);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    expect((await fetch(`${central.url}/healthz`)).status).toBe(200);
  });
  const { body } = await sendBatch(central.url, collector.apiKey, [detection]);
  expect(["stored", "duplicate"]).toContain(body.results[0]?.status);
  expect(await central.sql`select 1 from detections where id = ${detection.id}`).toHaveLength(1);
});

test("Every answer tells the time, so that a collector learns how far off its clock is", async () => {
  const { headers } = await sendBatch(central.url, collector.apiKey, [
    aDetection({ capturedAt: "2034-01-01T00:00:00Z" }),
  ]);
  expect(Math.abs(Date.parse(headers.get("date") ?? "") - Date.now())).toBeLessThan(5000);
});

test("While central shuts down, what is under way is finished and what is new is told to come again", async () => {
  const shutting = await openTestCentral();
  const sender = await shutting.addCollector();
  const { body, contentType } = await toBytes(aForm([aDetection({ plate: "LAST1" })]));
  const { hostname, port } = new URL(shutting.url);
  const request = `POST ${batchPath} HTTP/1.1\r\nHost: central\r\nX-API-Key: ${sender.apiKey}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  let text = "";
  const socket = connect(Number(port), hostname);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.write(request);
  socket.write(body.subarray(0, 50));
  await sleep(200);
  const disposed = shutting[Symbol.asyncDispose]();
  await sleep(50);
  socket.write(body.subarray(50));
  // The next one, on the same connection.
  socket.write(request);
  socket.write(body);
  await closed;
  await disposed;
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*"stored"[\s\S]*HTTP\/1\.1 503 [\s\S]*"shutting_down"/);
  const refused = text.slice(text.lastIndexOf("HTTP/1.1 503"));
  expect(refused).toMatch(/\r\nRetry-After: 2\r\n/i);
  expect(refused).toMatch(/\r\nConnection: close\r\n/i);
});
