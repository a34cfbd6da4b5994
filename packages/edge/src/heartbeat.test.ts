/** The heartbeat against a real HTTP server. Rule: what is sent passes the schema of the wire. */
import { heartbeatSchema, type Pace } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { openBuffer } from "./buffer.ts";
import type { Camera } from "./cameras/camera.ts";
import { createCentral } from "./central.ts";
import { createCentralTime, createSystemClock } from "./clock.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { aPace, aSighting, anApiKey, createTestLog, openTestCentral, temporaryFolder, until } from "./testing.ts";

const camera: Camera = {
  id: "gate",
  status: () => ({ status: "online", lastDetectionAt: null, clockOffsetMs: 1_200, occupantPicturesDropped: 3 }),
  async *sightings() {},
};

test("one heartbeat goes at once and then one each interval, the pace is passed on and central's time is kept", async () => {
  await using folder = await temporaryFolder();
  await using server = await openTestCentral();
  const clock = createSystemClock();
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting());
  const centralTime = createCentralTime(clock);
  const stop = new AbortController();
  const central = createCentral(
    { url: server.url, apiKey: anApiKey, version: "1.2.3" },
    clock,
    centralTime,
    stop.signal,
  );
  const paces: Pace[] = [];
  const { log } = createTestLog();
  const running = createHeartbeat({
    version: "1.2.3",
    dataDir: folder.path,
    intervalMs: 50,
    buffer,
    cameras: [camera],
    central,
    centralTime,
    clock,
    setPace: (pace) => paces.push(pace),
    log,
  }).run(stop.signal);
  await until(() => paces.length === 3);
  stop.abort();
  await running;
  const [request] = server.requests;
  const heartbeat = heartbeatSchema.parse(JSON.parse(request?.body.toString() ?? ""));
  expect([request?.method, request?.url, request?.headers["x-api-key"]]).toEqual([
    "POST",
    "/api/v1/heartbeat",
    anApiKey,
  ]);
  expect(heartbeat).toMatchObject({
    version: "1.2.3",
    lastSeq: 1,
    buffer: { rows: 1 },
    cameras: [{ cameraId: "gate", status: "online", clockOffsetMs: 1_200, occupantPicturesDropped: 3 }],
  });
  expect(heartbeat.disk?.freeBytes).toBeGreaterThan(0);
  expect(paces[0]).toEqual(aPace);
  expect(Math.abs(centralTime.offsetMs() ?? Number.NaN)).toBeLessThan(2_000);
});

test("a central that refuses is said once, not each minute", async () => {
  await using folder = await temporaryFolder();
  const clock = createSystemClock();
  await using buffer = await openBuffer(folder.path, clock);
  const centralTime = createCentralTime(clock);
  const stop = new AbortController();
  const { log, lines } = createTestLog();
  let beats = 0;
  const running = createHeartbeat({
    version: "1.2.3",
    dataDir: folder.path,
    intervalMs: 5,
    buffer,
    cameras: [],
    central: async () => {
      beats++;
      return { kind: "answered", status: 401, retryAfter: null, text: "{}" };
    },
    centralTime,
    clock,
    setPace: () => {
      throw new Error("there is no pace in a refusal");
    },
    log,
  }).run(stop.signal);
  await until(() => beats === 4);
  stop.abort();
  await running;
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: "warn", reason: "status 401" });
});
