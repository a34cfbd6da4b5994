/** What a heartbeat brings and gets: which device is believed, what central holds, and how a restore is noticed. */
import { heartbeatResponseSchema } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type TestDevice, aDevice, aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import type { Browser } from "../testing/people.ts";
import { revokeKey, rotateKey } from "./keys.ts";

let central: TestCentral;
let operator: Browser;
let collector: TestCollector;
beforeAll(async () => {
  central = await openTestCentral();
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(async () => {
  collector = await central.addCollector(["gate"]);
});

const beat = (heartbeat: object = {}, device?: Pick<TestDevice, "deviceKey" | "sign">, apiKey = collector.apiKey) =>
  sendHeartbeat(central.url, apiKey, aHeartbeat(heartbeat), device);
const keyOf = async () => {
  const [row] = await central.sql<{ key: string | null }[]>`
    select encode(device_key, 'base64') as key from collectors where id = ${collector.id}`;
  return row?.key?.replaceAll("\n", "") ?? null;
};
const openOf = async (kind: string, of = collector) =>
  central.sql<{ detail: Record<string, unknown> }[]>`
    select detail from health_alerts where collector_id = ${of.id} and kind = ${kind} and resolved_at is null`;
const sendSeqs = (epoch: number, seqs: readonly number[]) =>
  sendBatch(
    central.url,
    collector.apiKey,
    seqs.map((seq) => aDetection({ plate: `S${seq % 50}`, epoch, seq })),
  );

test("A collector of protocol 1 is answered as before, and what is new besides", async () => {
  const { status, body } = await beat({ protocol: 1 });
  expect(status).toBe(200);
  expect(heartbeatResponseSchema.parse(body)).toMatchObject({
    commands: [],
    centralEpoch: 1,
    collectorId: collector.id,
    received: { epoch: 1, ranges: [], truncated: false },
  });
  expect(await keyOf()).toBeNull();
});

test("The first device that signs is taken over, and shown as signing", async () => {
  const device = aDevice();
  await beat({}, device);
  expect(await keyOf()).toBe(device.deviceKey);
  const view = (await operator.trpc.collectors.list.query()).find(({ id }) => id === collector.id);
  expect(view?.signed).toBe(true);
});

test.each([
  ["without a signature", (device: TestDevice) => ({ ...device, sign: () => "" })],
  [
    "signed as a payload",
    (device: TestDevice) => ({ ...device, sign: (_: string, text: string) => device.sign("payload", text) }),
  ],
  ["signed by another", ({ deviceKey }: TestDevice) => ({ ...aDevice(), deviceKey })],
  ["that is no key", (device: TestDevice) => ({ ...device, deviceKey: "bm8ga2V5" })],
])("A device key %s is not taken over, and the heartbeat is", async (_what, change) => {
  expect((await beat({ version: "9" }, change(aDevice()))).status).toBe(200);
  expect(await keyOf()).toBeNull();
  expect(
    await central.sql`select heartbeat ->> 'version' as version from collectors where id = ${collector.id}`,
  ).toEqual([{ version: "9" }]);
});

test("The signature is over the bytes that came, whatever their order, spaces and unknown fields", async () => {
  const device = aDevice();
  const text = `{ "later": "é\\u00e9", ${JSON.stringify({ ...aHeartbeat(), deviceKey: device.deviceKey }).slice(1)}`;
  const send = (body: string) =>
    fetch(`${central.url}/api/v1/heartbeat`, {
      method: "POST",
      headers: {
        "X-API-Key": collector.apiKey,
        "Content-Type": "application/json",
        "X-Signature": device.sign("heartbeat", text),
      },
      body,
    });
  expect((await send(text)).status).toBe(200);
  expect(await keyOf()).toBe(device.deviceKey);
  expect((await send(text.replace(" }", "}").replace("{ ", "{"))).status).toBe(200);
  expect(await openOf("device_changed")).toHaveLength(1);
});

test("Another device with the same key is told of for a day, whatever the known one says meanwhile", async () => {
  const [known, stranger] = [aDevice(), aDevice()];
  await beat({}, known);
  expect((await beat({}, stranger)).status).toBe(200);
  expect(await keyOf()).toBe(known.deviceKey);
  expect(await openOf("device_changed")).toMatchObject([
    { detail: { known: expect.stringMatching(/^[0-9a-f]{16}$/), offered: expect.stringMatching(/^[0-9a-f]{16}$/) } },
  ]);
  // A stranger that does not even sign.
  await beat({});
  await beat({}, known);
  expect(await openOf("device_changed")).toMatchObject([{ detail: { offered: null } }]);
  await central.sql`update health_alerts set detail = jsonb_set(detail, '{at}', to_jsonb(now() - interval '25 hours'))
    where collector_id = ${collector.id} and kind = 'device_changed'`;
  await beat({}, known);
  expect(await openOf("device_changed")).toEqual([]);
});

test("Of another device nothing is kept: not how it is, not its cameras, not what it gave up, not that it is there", async () => {
  const known = aDevice();
  await beat({ temperature: 50 }, known);
  await central.sql`update collectors set last_heartbeat_at = now() - interval '1 hour', last_seen_at = now() - interval '1 hour'
    where id = ${collector.id}`;
  const kept = () => central.sql`
    select heartbeat, last_heartbeat_at, last_seen_at, central_epoch from collectors where id = ${collector.id}`;
  const before = await kept();
  const loss = {
    kind: "old_crops" as const,
    images: 9,
    bytes: 9,
    fromAt: "2026-06-01T00:00:00Z",
    toAt: "2026-06-01T00:00:00Z",
  };
  const camera = { cameraId: "of the stranger", status: "online", lastDetectionAt: null, clockOffsetMs: null };
  await beat({ temperature: 99, centralEpoch: 1, sacrificed: [loss], cameras: [camera] }, aDevice());
  expect(await kept()).toEqual(before);
  expect(await central.sql`select 1 from cameras where key = 'of the stranger'`).toEqual([]);
  expect(await openOf("sacrificed")).toEqual([]);
});

test.each(["rotating", "revoking"])("%s a key ends the news of another device, until it comes again", async (what) => {
  const known = aDevice();
  await beat({}, known);
  await beat({}, aDevice());
  const [key] = await central.sql<{ id: string }[]>`select id from collector_keys where collector_id = ${collector.id}`;
  if (what === "rotating") await rotateKey(central.sql, collector.id, null);
  else await revokeKey(central.sql, key?.id ?? "", "it leaked", null);
  expect(await openOf("device_changed")).toEqual([]);
  const { apiKey } = await rotateKey(central.sql, collector.id, null);
  await beat({}, known, apiKey);
  await beat({}, aDevice(), apiKey);
  expect(await openOf("device_changed")).toHaveLength(1);
});

test("A device that was set up anew comes with a newer API key and takes the place of the old one", async () => {
  const [old, replacement] = [aDevice(), aDevice()];
  await beat({}, old);
  const { apiKey } = await rotateKey(central.sql, collector.id, null);
  await beat({}, replacement, apiKey);
  expect(await keyOf()).toBe(replacement.deviceKey);
  expect(await openOf("device_changed")).toEqual([]);
  const element = replacement.element(aDetection({ plate: "ANEW1" }));
  const { body } = await sendBatch(central.url, apiKey, [element]);
  expect(body.results).toMatchObject([{ status: "stored", integrity: "ok" }]);
});

test("A newer API key that the known device uses brings in no other device", async () => {
  const [known, stranger] = [aDevice(), aDevice()];
  await beat({}, known);
  const { apiKey } = await rotateKey(central.sql, collector.id, null);
  await beat({}, known, apiKey);
  await beat({}, stranger, apiKey);
  expect(await keyOf()).toBe(known.deviceKey);
  expect(await openOf("device_changed")).toHaveLength(1);
});

test("What central holds is told in ranges of the epoch that is asked about, quarantined elements included", async () => {
  await sendSeqs(3, [1, 2, 3, 7, 8]);
  await sendBatch(central.url, collector.apiKey, [{ ...aDetection({ epoch: 3, seq: 5 }), capturedAt: "yesterday" }]);
  await sendSeqs(4, [1]);
  const told = async (epoch: number) => (await beat({ epoch, lastSeq: 8 })).body.received;
  expect(await told(3)).toEqual({
    epoch: 3,
    ranges: [
      [1, 3],
      [5, 5],
      [7, 8],
    ],
    truncated: false,
  });
  expect(await told(4)).toEqual({ epoch: 4, ranges: [[1, 1]], truncated: false });
  expect(await told(5)).toEqual({ epoch: 5, ranges: [], truncated: false });
});

test("Of very many ranges the newest 200 are told, ascending, and that there are more", async () => {
  const every = Array.from({ length: 250 }, (_, index) => index * 2);
  await sendSeqs(1, every);
  const { received } = (await beat({ lastSeq: 498 })).body;
  expect(received?.truncated).toBe(true);
  expect(received?.ranges).toEqual(every.slice(-200).map((seq) => [seq, seq]));
});

test("Numbers that a collector has a receipt for and central lacks are a gap, until they come", async () => {
  await sendSeqs(1, [1, 2, 5]);
  await beat({ lastSeq: 6, buffer: { rows: 2, bytes: 1, oldestAt: null } });
  expect(await openOf("gap")).toEqual([]);
  await beat({ lastSeq: 6 });
  expect(await openOf("gap")).toMatchObject([{ detail: { count: 3, from: 3, to: 6 } }]);
  await sendSeqs(1, [3, 4, 6]);
  await beat({ lastSeq: 6 });
  expect(await openOf("gap")).toEqual([]);
});

test("Images that were given up are told of once more come, and what was acknowledged is no loss", async () => {
  const given = (kind: string, images: number) => ({
    sacrificed: [{ kind, images, bytes: 1, fromAt: "2026-06-01T00:00:00Z", toAt: "2026-06-02T00:00:00Z" }],
  });
  await beat(given("acknowledged_images", 900));
  expect(await openOf("sacrificed")).toEqual([]);
  await beat(given("old_scenes", 3));
  const [alert] = await openOf("sacrificed");
  expect(alert?.detail).toMatchObject({ sacrificed: [{ kind: "old_scenes", images: 3 }] });
  await beat(given("old_scenes", 3));
  expect(await openOf("sacrificed")).toEqual([alert]);
  await central.sql`update health_alerts set detail = jsonb_set(detail, '{at}', to_jsonb(now() - interval '25 hours'))
    where collector_id = ${collector.id} and kind = 'sacrificed'`;
  await beat(given("old_scenes", 3));
  expect(await openOf("sacrificed")).toEqual([]);
});

test("The view has the lanes, the clock and what is wrong", async () => {
  const lanes = { metadata: { rows: 3, oldestAt: "2026-06-01T00:00:00Z" }, images: { rows: 9, oldestAt: null } };
  await beat({
    temperature: 81,
    clock: { now: new Date(Date.now() - 3_600_000).toISOString(), offsetMs: null },
    buffer: { rows: 3, bytes: 1, oldestAt: null, lanes, drainSeconds: 12, imageSecondsLeft: null },
  });
  const view = (await operator.trpc.collectors.list.query()).find(({ id }) => id === collector.id);
  expect(view).toMatchObject({ lanes: { ...lanes, drainSeconds: 12, imageSecondsLeft: null }, signed: false });
  expect(view?.clockOffsetMs).toBeGreaterThan(-3_610_000);
  expect(view?.clockOffsetMs).toBeLessThan(-3_590_000);
  expect(view?.health.map(({ kind }) => kind).toSorted()).toEqual(["clock_wrong", "hot"]);
});

// Last: the epoch of this central rises here.
test("A collector that heard a later epoch shows that central is an older copy: the epoch rises once, and all are watched", async () => {
  const other = await central.addCollector();
  const stranger = await central.addCollector();
  const device = aDevice();
  await sendHeartbeat(central.url, other.apiKey, aHeartbeat());
  await sendHeartbeat(central.url, stranger.apiKey, aHeartbeat(), device);
  // Not believed: a device that is not the known one, one that is not known at all, and a number that no restore reaches.
  expect((await sendHeartbeat(central.url, stranger.apiKey, aHeartbeat({ centralEpoch: 7 }))).body.centralEpoch).toBe(
    1,
  );
  expect((await beat({ centralEpoch: 7 })).body.centralEpoch).toBe(1);
  const own = aDevice();
  expect((await beat({ centralEpoch: 102 }, own)).body.centralEpoch).toBe(1);

  await sendBatch(
    central.url,
    collector.apiKey,
    [1, 2].map((seq) => own.element(aDetection({ plate: `S${seq}`, epoch: 1, seq }))),
  );
  expect((await beat({ centralEpoch: 4, lastSeq: 3 }, own)).body.centralEpoch).toBe(5);
  expect((await beat({ centralEpoch: 4, lastSeq: 3 }, own)).body.centralEpoch).toBe(5);
  expect(await central.sql`select epoch, reason from central_epochs order by epoch`).toEqual([
    { epoch: 1, reason: "installed" },
    { epoch: 5, reason: "restored" },
  ]);
  expect([await openOf("restored"), await openOf("restored", other)]).toMatchObject([[{}], [{}]]);
  // It has heard the new epoch, and number 3 is still missing.
  await beat({ centralEpoch: 5, lastSeq: 3 }, own);
  expect(await openOf("restored")).toHaveLength(1);
  await sendBatch(central.url, collector.apiKey, [own.element(aDetection({ epoch: 1, seq: 3 }))]);
  await beat({ centralEpoch: 5, lastSeq: 3 }, own);
  expect(await openOf("restored")).toEqual([]);
});
