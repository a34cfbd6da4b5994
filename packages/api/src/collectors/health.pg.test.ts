/** Alerts that open and resolve by themselves, and the history in which they are told. */
import type { HealthAlert } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { revokeCollector } from "./keys.ts";
import { readHistory } from "./history.ts";
import { judgeHealth } from "./health.ts";

const HOUR_MS = 3_600_000;
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
  collector = await central.addCollector(["gate", "yard"]);
  const { user } = await operator.trpc.auth.me.query();
  await central.central.limits.forget("browse", user.id);
});

const beat = (heartbeat: object = {}) => sendHeartbeat(central.url, collector.apiKey, aHeartbeat(heartbeat));
const openOf = async (): Promise<HealthAlert[]> =>
  (await operator.trpc.collectors.list.query()).find(({ id }) => id === collector.id)?.health ?? [];
const kindsOf = async () => (await openOf()).map(({ kind }) => kind).toSorted();
const historyOf = (id = collector.id) => operator.trpc.collectors.history.query({ id });
const seen = (seconds: number) =>
  central.sql`update collectors set last_seen_at = now() - make_interval(secs => ${seconds}) where id = ${collector.id}`;
const judge = (now = new Date()) => judgeHealth(central.sql, null, 0, now);
const cameraId = async (key: string) =>
  (await central.sql<{ id: string }[]>`select id from cameras where collector_id = ${collector.id} and key = ${key}`)[0]
    ?.id ?? "";
const count = (camera: string, hour: Date, detections: number) =>
  central.sql`insert into camera_hours (camera_id, hour, detections) values (${camera}, ${hour}, ${detections})`;
/** Half past: half of an hour's detections are usual by then. */
const HALF_PAST = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS / 2);
const hourBack = (hours: number) => new Date(HALF_PAST.getTime() - HOUR_MS / 2 - hours * HOUR_MS);

test("A collector falls silent, is late, is offline, and comes back: one alert each, kept with both of its times", async () => {
  await beat();
  expect(await kindsOf()).toEqual([]);
  await seen(100);
  await judge();
  await judge();
  expect(await kindsOf()).toEqual(["late"]);
  await seen(200);
  await judge();
  expect(await kindsOf()).toEqual(["offline"]);
  await beat();
  expect(await kindsOf()).toEqual([]);
  const { alerts } = await historyOf();
  expect(alerts.map(({ kind, resolvedAt }) => [kind, resolvedAt !== null])).toEqual([
    ["offline", true],
    ["late", true],
  ]);
  await central.sql`update health_alerts set opened_at = opened_at - interval '2 days', resolved_at = resolved_at - interval '25 hours'
    where collector_id = ${collector.id} and kind = 'late'`;
  expect((await historyOf()).alerts.map(({ kind }) => kind)).toEqual(["offline"]);
});

test("Two processes that judge at the same moment open one alert", async () => {
  await beat();
  await seen(200);
  await Promise.all(Array.from({ length: 6 }, () => judge()));
  expect(await kindsOf()).toEqual(["offline"]);
});

test("What a heartbeat says is judged at once, and of cameras by their names", async () => {
  const status = (gate: string, yard: string) => ({
    cameras: [
      { cameraId: "gate", status: gate, lastDetectionAt: null, clockOffsetMs: null },
      { cameraId: "yard", status: yard, lastDetectionAt: null, clockOffsetMs: null },
      { cameraId: "never approved", status: "offline", lastDetectionAt: null, clockOffsetMs: null },
    ],
  });
  await beat({ ...status("offline", "error"), disk: { freeBytes: 1, totalBytes: 100 }, temperature: 90 });
  expect(await kindsOf()).toEqual(["camera_offline", "camera_offline", "disk_low", "hot"]);
  expect((await openOf()).flatMap(({ camera }) => camera?.name ?? []).toSorted()).toEqual(["gate", "yard"]);
  await beat(status("offline", "online"));
  expect(await openOf()).toMatchObject([
    { kind: "camera_offline", camera: { name: "gate" }, detail: { status: "offline" } },
  ]);
});

test("An open alert says how it is now, and keeps what others have added to it", async () => {
  await beat({ temperature: 90 });
  const [before] = await openOf();
  await central.sql`update health_alerts set detail = detail || '{"note": 1}' where id = ${before?.id ?? ""}`;
  await beat({ temperature: 85 });
  expect(await openOf()).toEqual([{ ...before, detail: { temperature: 85, note: 1 } }]);
});

test("Numbers are missed below what still waits, and what is damaged hides nothing", async () => {
  const numbers = [1, 2, 5, 6, 9];
  await sendBatch(
    central.url,
    collector.apiKey,
    numbers.map((seq) => aDetection({ plate: `N${seq}`, epoch: 1, seq })),
  );
  const waits = (rows: number, lowestUnacked: number | null, damaged = 0) =>
    beat({ lastSeq: 9, buffer: { rows, bytes: 1, oldestAt: null, damaged, lowestUnacked } });
  await waits(1, 3);
  expect(await kindsOf()).toEqual([]);
  await waits(1, 7);
  expect(await openOf()).toMatchObject([{ kind: "gap", detail: { epoch: 1, count: 2, from: 3, to: 4 } }]);
  await waits(1, null, 1);
  expect(await openOf()).toMatchObject([
    { kind: "damaged", detail: { rows: 1 } },
    { kind: "gap", detail: { count: 3, from: 3, to: 8 } },
  ]);
  // A week later, nothing more has come.
  await central.sql`update health_alerts set detail = jsonb_set(detail, '{grownOn}', to_jsonb(now() - interval '8 days'))
    where collector_id = ${collector.id} and kind = 'gap'`;
  await waits(1, null, 1);
  await waits(1, null, 1);
  expect(await kindsOf()).toEqual(["damaged"]);
  const { alerts } = await historyOf();
  expect(alerts.find(({ kind }) => kind === "gap")?.detail).toMatchObject({ count: 3, lost: 3 });
});

test("A damaged image is told of when there is one more", async () => {
  const images = (damagedImages: number) => beat({ buffer: { rows: 0, bytes: 0, oldestAt: null, damagedImages } });
  await images(4);
  expect(await openOf()).toMatchObject([{ kind: "damaged", detail: { rows: 0, images: 4 } }]);
  await central.sql`update health_alerts set detail = jsonb_set(detail, '{at}', to_jsonb(now() - interval '25 hours'))
    where collector_id = ${collector.id}`;
  await images(4);
  expect(await kindsOf()).toEqual([]);
  await images(5);
  expect(await kindsOf()).toEqual(["damaged"]);
});

test("What waits in quarantine is counted for each collector by itself, however much another one has", async () => {
  const other = await central.addCollector();
  await sendBatch(central.url, collector.apiKey, "no json");
  await central.sql`insert into quarantine (collector_id, reason, detail, raw, raw_sha256, images, received_at)
    select ${other.id}, 'schema', 'x', 'x', decode(md5(n::text), 'hex'), '[]', now() from generate_series(1, 1100) n`;
  const list = await (await central.signIn("admin")).trpc.collectors.list.query();
  const of = (id: string) => list.find((one) => one.id === id)?.quarantined;
  expect([of(collector.id), of(other.id)]).toEqual([1, 1000]);
});

test("A revoked collector is no longer watched", async () => {
  await beat({ temperature: 90 });
  await revokeCollector(central.sql, collector.id, "lost", null);
  await judge();
  expect(await kindsOf()).toEqual([]);
});

test("A camera that sees far less than at this hour of other days is silent; three days are needed to say so", async () => {
  await beat({ clock: { now: HALF_PAST.toISOString(), offsetMs: 0 } });
  await central.sql`update collectors set last_seen_at = ${HALF_PAST}, last_heartbeat_at = ${HALF_PAST} where id = ${collector.id}`;
  const [gate, yard] = [await cameraId("gate"), await cameraId("yard")];
  const hours = async () => {
    const { cameras } = await historyOf();
    return cameras;
  };
  await count(gate, hourBack(24), 100);
  await count(gate, hourBack(48), 100);
  await count(yard, hourBack(24), 100);
  // Another hour of a third day: it was known, and quiet at this hour.
  await count(yard, hourBack(24 * 3 + 5), 100);
  await count(yard, hourBack(24 * 7), 140);
  // Eight days back is too long ago.
  await count(gate, hourBack(24 * 8), 9000);
  await judgeHealth(central.sql, collector.id, 0, HALF_PAST);
  // Of the yard 240 in three days are 80 an hour, 40 by now.
  expect(await openOf()).toMatchObject([
    { kind: "camera_silent", camera: { id: yard }, detail: { actual: 0, expected: 40 } },
  ]);
  expect((await hours()).find(({ id }) => id === gate)).toEqual({ id: gate, actual: 0, expected: null });
  await count(yard, hourBack(0), 16);
  await judgeHealth(central.sql, collector.id, 0, HALF_PAST);
  expect(await openOf()).toEqual([]);
  expect((await hours()).find(({ id }) => id === yard)?.actual).toBe(16);
});

test("The history counts detections by the hour in which they were captured, oldest first", async () => {
  // The hour before this one: nothing is captured in the future.
  const now = new Date(HALF_PAST.getTime() - HOUR_MS);
  const at = (hours: number) => new Date(now.getTime() - hours * HOUR_MS).toISOString();
  await sendBatch(central.url, collector.apiKey, [
    aDetection({ plate: "H0", capturedAt: at(0) }),
    aDetection({ plate: "H1", capturedAt: at(1) }),
    aDetection({ plate: "H1B", capturedAt: at(1), cameraId: "yard" }),
    aDetection({ plate: "H23", capturedAt: at(23) }),
    aDetection({ plate: "H24", capturedAt: at(24) }),
  ]);
  const { perHour } = await readHistory(central.sql, collector.id, now);
  expect(perHour).toEqual([1, ...Array.from({ length: 21 }, () => 0), 2, 1]);
});

test("Of a collector that is not there, there is no history", async () => {
  expect(await failureOf(historyOf(crypto.randomUUID()))).toBe("not_found");
});
