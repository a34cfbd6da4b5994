/** Collectors as people see them, judged from what they said and sent. */
import { type Heartbeat, heartbeatResponseSchema } from "@chaverim/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { addCollector, revokeCollector } from "./keys.ts";

let central: TestCentral;
let operator: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const aHeartbeat = (overrides: Partial<Heartbeat> = {}): Heartbeat => ({
  protocol: 1,
  version: "0.1.0",
  uptimeSeconds: 60,
  epoch: 1,
  lastSeq: 5,
  buffer: { rows: 0, bytes: 0, oldestAt: null },
  disk: { freeBytes: 25, totalBytes: 100 },
  temperature: 51.5,
  clock: { now: new Date().toISOString(), offsetMs: 3 },
  cameras: [{ cameraId: "gate", status: "online", lastDetectionAt: null, clockOffsetMs: null }],
  ...overrides,
});
const beat = (collector: TestCollector, body: unknown) =>
  fetch(`${central.url}/api/v1/heartbeat`, {
    method: "POST",
    headers: { "X-API-Key": collector.apiKey, "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const viewOf = async (collector: TestCollector) =>
  (await operator.trpc.collectors.list.query()).find(({ id }) => id === collector.id);
const silentFor = (collector: TestCollector, seconds: number) =>
  central.sql`update collectors set last_seen_at = now() - make_interval(secs => ${seconds}) where id = ${collector.id}`;

test("A heartbeat is answered with time and pace, and its health is shown", async () => {
  const collector = await central.addCollector();
  expect(await viewOf(collector)).toMatchObject({
    state: "never_seen",
    lastSeenAt: null,
    version: null,
    queue: null,
    cameras: [],
  });
  const response = await beat(collector, aHeartbeat());
  const answer = heartbeatResponseSchema.parse(await response.json());
  expect(Math.abs(Date.parse(answer.serverTime) - Date.now())).toBeLessThan(5000);
  expect(answer.pace).toEqual({ delayMs: 0, maxBatch: 50, imagesPaused: false });
  expect(await viewOf(collector)).toMatchObject({
    state: "live",
    version: "0.1.0",
    protocol: 1,
    throttled: null,
    queue: { rows: 0, oldestAt: null },
    diskUsed: 0.75,
    temperature: 51.5,
    cameras: [{ name: "gate", approved: false, status: "online", lastDetectionAt: null }],
  });
});

test("A collector is live, draining, late, offline or revoked as it was last heard of", async () => {
  const collector = await central.addCollector();
  await beat(collector, aHeartbeat({ buffer: { rows: 51, bytes: 1, oldestAt: new Date().toISOString() } }));
  expect((await viewOf(collector))?.state).toBe("draining");
  await silentFor(collector, 91);
  expect((await viewOf(collector))?.state).toBe("late");
  await silentFor(collector, 181);
  expect((await viewOf(collector))?.state).toBe("offline");
  await beat(collector, aHeartbeat());
  expect((await viewOf(collector))?.state).toBe("live");
  await revokeCollector(central.sql, collector.id, "lost", null);
  expect((await viewOf(collector))?.state).toBe("revoked");
});

test("What waits in quarantine is counted until it is decided, for whoever manages collectors", async () => {
  const admin = await central.signIn("admin");
  const collector = await central.addCollector();
  const countOf = async () =>
    (await admin.trpc.collectors.list.query()).find(({ id }) => id === collector.id)?.quarantined;
  expect(await countOf()).toBe(0);
  await sendBatch(central.url, collector.apiKey, [1, 2]);
  expect(await countOf()).toBe(2);
  expect((await viewOf(collector))?.quarantined).toBeNull();
  const { items } = await admin.trpc.quarantine.list.query({ open: true });
  const mine = items.find((item) => item.collector.id === collector.id);
  await admin.trpc.quarantine.decide.mutate({ id: mine?.id ?? "", decision: "kept" });
  expect(await countOf()).toBe(1);
});

test("A batch counts as a sign of life, in its minute, with its delay", async () => {
  const collector = await central.addCollector(["gate"]);
  const capturedAt = new Date(Date.now() - 20_000).toISOString();
  await sendBatch(central.url, collector.apiKey, [
    aDetection({ capturedAt }),
    aDetection({ capturedAt, plate: "B2" }),
    aDetection({ capturedAt, plate: "C3" }),
  ]);
  const view = await viewOf(collector);
  expect(view).toMatchObject({
    state: "live",
    lastHeartbeatAt: null,
    cameras: [{ approved: true, lastDetectionAt: capturedAt }],
  });
  expect(view?.perMinute).toHaveLength(60);
  expect(view?.perMinute.reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(view?.perMinute.at(-1)).toBe(3);
  expect(view?.delaySeconds).toBeGreaterThanOrEqual(19);
  expect(view?.delaySeconds).toBeLessThan(30);
});

test.each([
  ["an array", []],
  ["no fields", {}],
  ["a NUL in an unknown field", { ...aHeartbeat(), note: "a\u0000b" }],
  ["half a surrogate pair", { ...aHeartbeat(), note: "\ud800" }],
  [
    "65 cameras",
    aHeartbeat({
      cameras: Array.from({ length: 65 }, (_, index) => ({
        cameraId: `c${index}`,
        status: "online",
        lastDetectionAt: null,
        clockOffsetMs: null,
      })),
    }),
  ],
  ["no JSON", "{"],
  [
    "nesting without end",
    `${JSON.stringify(aHeartbeat()).slice(0, -1)},"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
  ],
])("A heartbeat of %s is refused as invalid", async (_what, body) => {
  const collector = await central.addCollector();
  const response = await beat(collector, body);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, "invalid"]);
});

test("A heartbeat that is too large is refused as that", async () => {
  const response = await beat(await central.addCollector(), { ...aHeartbeat(), note: "x".repeat(300_000) });
  expect(response.status).toBe(413);
});

test("Names of collectors are taken once, in any case; a key stands in the database as its hash alone", async () => {
  const { apiKey } = await addCollector(central.sql, "North Gate", null);
  await expect(addCollector(central.sql, "north gate", null)).rejects.toMatchObject({ code: "conflict" });
  expect(apiKey).toMatch(/^alpr_[A-Za-z0-9_-]{43}$/);
  const [row] =
    await central.sql`select k::text as text from collector_keys k join collectors c on c.id = k.collector_id where c.name = 'North Gate'`;
  expect(row?.["text"]).not.toContain(apiKey.slice(10));
});

test("A camera that does not exist cannot be approved", async () => {
  const admin = await central.signIn("admin");
  expect(await failureOf(admin.trpc.collectors.approveCamera.mutate({ cameraId: crypto.randomUUID() }))).toBe(
    "not_found",
  );
});
