/** The heartbeat against a real HTTP server. Rule: what is sent passes the schema of the wire, and is signed as it is. */
import { createPublicKey, verify } from "node:crypto";
import { heartbeatSchema, signedBytes, type Heartbeat, type Pace } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { openBuffer } from "./buffer.ts";
import type { Camera } from "./cameras/camera.ts";
import { createCentral } from "./central.ts";
import { createCentralTime, createSystemClock } from "./clock.ts";
import { createHeartbeat } from "./heartbeat.ts";
import {
  aCollectorId,
  aKeyRing,
  aPace,
  aReceipt,
  aSighting,
  anApiKey,
  createTestLog,
  heartbeatReply,
  openTestCentral,
  temporaryFolder,
  until,
  type Reply,
} from "./testing.ts";
import { openVault } from "./vault.ts";

const camera: Camera = {
  id: "gate",
  status: () => ({ status: "online", lastDetectionAt: null, clockOffsetMs: 1_200, occupantPicturesDropped: 3 }),
  async *sightings() {},
};

/** A buffer, a central that answers heartbeats like this, and a heart between them that beats quickly. */
const openHeart = async (reply: () => Reply = heartbeatReply, dataDir?: string) => {
  const stack = new AsyncDisposableStack();
  const folder = dataDir ?? stack.use(await temporaryFolder()).path;
  const server = stack.use(
    await openTestCentral(undefined, ({ url }) => (url.endsWith("/heartbeat") ? reply() : null)),
  );
  const clock = createSystemClock();
  const vault = await openVault(folder);
  const buffer = stack.use(await openBuffer(folder, clock, { vault }));
  const centralTime = createCentralTime(clock);
  const stop = new AbortController();
  const central = createCentral({ url: server.url, keys: aKeyRing, version: "1.2.3" }, clock, centralTime, stop.signal);
  const { log, lines } = createTestLog();
  const heard = { paces: [] as Pace[], again: 0, repeated: 0, commands: [] as unknown[] };
  const start = () => {
    const running = createHeartbeat({
      version: "1.2.3",
      mode: "edge",
      dataDir: folder,
      intervalMs: 50,
      buffer,
      cameras: [camera],
      central,
      centralTime,
      clock,
      vault,
      setPace: (pace) => heard.paces.push(pace),
      noteAgain: () => heard.again++,
      repeatAll: () => heard.repeated++,
      takeCommands: (collectorId, commands) => heard.commands.push(collectorId, ...commands),
      log,
    }).run(stop.signal);
    stack.defer(async () => {
      stop.abort();
      await running;
    });
  };
  const beats = (): Heartbeat[] =>
    server.requests
      .filter(({ url }) => url.endsWith("/heartbeat"))
      .map(({ body }) => heartbeatSchema.parse(JSON.parse(body.toString())));
  return {
    buffer,
    server,
    vault,
    centralTime,
    heard,
    lines,
    start,
    beats,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

test("one heartbeat goes at once and then one each interval, the pace is passed on and central's time is kept", async () => {
  await using heart = await openHeart();
  await heart.buffer.add(aSighting());
  heart.start();
  await until(() => heart.heard.paces.length === 3);
  const [request] = heart.server.requests;
  expect([request?.method, request?.url, request?.headers["x-api-key"]]).toEqual([
    "POST",
    "/api/v1/heartbeat",
    anApiKey,
  ]);
  const [heartbeat] = heart.beats();
  expect(heartbeat).toMatchObject({
    protocol: 2,
    version: "1.2.3",
    mode: "edge",
    lastSeq: 1,
    buffer: {
      rows: 1,
      lowestUnacked: 1,
      damaged: 0,
      damagedImages: 0,
      lanes: { metadata: { rows: 1 }, images: { rows: 0, oldestAt: null } },
      drainSeconds: null,
    },
    sacrificed: [],
    centralEpoch: null,
    cameras: [{ cameraId: "gate", status: "online", clockOffsetMs: 1_200, occupantPicturesDropped: 3 }],
  });
  expect(heartbeat?.disk?.freeBytes).toBeGreaterThan(0);
  expect(heart.heard.paces[0]).toEqual(aPace);
  expect(Math.abs(heart.centralTime.offsetMs() ?? Number.NaN)).toBeLessThan(2_000);
});

test("the body is signed byte for byte with the device's key, which it names", async () => {
  await using heart = await openHeart();
  heart.start();
  await until(() => heart.heard.paces.length === 1);
  const [request] = heart.server.requests;
  const text = request?.body.toString("utf8") ?? "";
  const der = Buffer.from(heart.beats()[0]?.deviceKey ?? "", "base64");
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const signature = Buffer.from(String(request?.headers["x-signature"]), "base64");
  expect(verify(null, signedBytes("heartbeat", text), key, signature)).toBe(true);
  expect(verify(null, signedBytes("payload", text), key, signature)).toBe(false);
});

test("a central of version 1, which says nothing of epochs and ranges, is obeyed like any other", async () => {
  await using heart = await openHeart(() => heartbeatReply({ collectorId: undefined }));
  heart.start();
  await until(() => heart.heard.paces.length === 2);
  expect(heart.heard).toMatchObject({ again: 0, commands: [undefined, undefined] });
});

test("the highest epoch of central is remembered and said back, also after a restart", async () => {
  await using folder = await temporaryFolder();
  const epochs = [7, 6];
  {
    await using heart = await openHeart(() => heartbeatReply({ centralEpoch: epochs.shift() }), folder.path);
    heart.start();
    await until(() => heart.beats().length === 3);
    expect(heart.beats().map(({ centralEpoch }) => centralEpoch)).toEqual([null, 7, 7]);
  }
  await using heart = await openHeart(() => heartbeatReply(), folder.path);
  heart.start();
  await until(() => heart.beats().length === 1);
  expect(heart.beats()[0]?.centralEpoch).toBe(7);
});

test("what was acknowledged and central does not hold is due again, and it is said how many", async () => {
  const ranges = [[1, 2]];
  let epoch = 0;
  await using heart = await openHeart(() => heartbeatReply({ received: { epoch, ranges, truncated: false } }));
  for (let n = 0; n < 4; n++) await heart.buffer.add(aSighting());
  epoch = heart.buffer.epoch;
  const due = heart.buffer.due(10, 0, "metadata");
  // The oldest is still on its way: it is due as it was.
  const acknowledged = due.slice(0, 3).map(({ seq, payload }) => {
    return { seq, kind: "acknowledged", receipt: aReceipt(payload), missing: [], againAtMs: 0 } as const;
  });
  heart.buffer.settle(acknowledged);
  await new Promise((resolve) => setTimeout(resolve, 5));
  heart.start();
  await until(() => heart.heard.again === 1);
  expect(heart.buffer.due(10, 0, "metadata").map(({ seq }) => seq)).toEqual([4, 3, 1]);
  await until(() => heart.beats().length === 3);
  expect(heart.heard.again).toBe(1);
  expect(heart.lines).toContainEqual(expect.objectContaining({ level: "warn", rows: 2 }));
});

test("a central that begins an epoch is sent everything again, once; the first epoch that is heard is no restore", async () => {
  let centralEpoch = 7;
  let epoch = 0;
  await using heart = await openHeart(() => {
    return heartbeatReply({ centralEpoch, received: { epoch, ranges: [[1, 1]], truncated: false } });
  });
  epoch = heart.buffer.epoch;
  heart.start();
  await until(() => heart.beats().length === 2);
  expect(heart.heard.repeated).toBe(0);
  centralEpoch = 8;
  await until(() => heart.heard.repeated > 0);
  const before = heart.beats().length;
  await until(() => heart.beats().length === before + 2);
  expect(heart.heard).toMatchObject({ repeated: 1, again: 0 });
});

test("commands are passed on as they came, a strange one among them costs nothing else", async () => {
  const strange = { id: "x", verb: "reboot" };
  await using heart = await openHeart(() => heartbeatReply({ commands: [strange] }));
  heart.start();
  await until(() => heart.heard.paces.length === 1);
  expect(heart.heard.commands).toEqual([aCollectorId, strange]);
});

test("a central that refuses is said once, not each minute", async () => {
  await using heart = await openHeart(() => ({ status: 401 }));
  heart.start();
  await until(() => heart.server.requests.length === 4);
  expect(heart.heard.paces).toEqual([]);
  expect(heart.lines).toHaveLength(1);
  expect(heart.lines[0]).toMatchObject({ level: "warn", reason: "status 401" });
});
