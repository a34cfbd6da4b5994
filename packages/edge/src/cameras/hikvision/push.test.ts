/** Cameras that push to a real listener. Rule: what was answered 200 is on disk, and comes out once. */
import { mkdir, readFile, readdir, rename, rmdir, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCentralTime } from "../../clock.ts";
import { aJpeg, createFakeClock, createTestLog, temporaryFolder, until } from "../../testing.ts";
import type { Sighting } from "../camera.ts";
import { openPushCamera, openPushListener, type PushCamera } from "./push.ts";

const TOKEN = "a-token-nobody-guesses";
const event: Buffer<ArrayBuffer> = readFileSync(
  new URL("../../../fixtures/hikvision/anpr-with-pictures.xml", import.meta.url),
);
const scene = aJpeg("scene");
const crop = aJpeg("crop");

const openGate = async (dataDir: string, { trustClock = false, clock = createFakeClock() } = {}) => {
  const { log, lines } = createTestLog();
  const central = createCentralTime(clock);
  const camera = await openPushCamera({
    id: "gate",
    token: TOKEN,
    trustClock,
    location: null,
    dataDir,
    clock,
    central,
    log,
  });
  const listener = await openPushListener({ host: "127.0.0.1", port: 0 }, [camera], log);
  const url = `http://127.0.0.1:${listener.port}/hikvision/${TOKEN}`;
  return { camera, url, port: listener.port, lines, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
};

const post = (url: string, body: string | Buffer<ArrayBuffer> | FormData, contentType?: string) =>
  fetch(url, { method: "POST", body, ...(contentType && { headers: { "content-type": contentType } }) });

const aPush = (): FormData => {
  const form = new FormData();
  form.append("detectionPicture.jpg", new Blob([scene]), "detectionPicture.jpg");
  form.append("anpr.xml", new Blob([event]), "anpr.xml");
  form.append("licensePlatePicture.jpg", new Blob([crop]), "licensePlatePicture.jpg");
  form.append("pilotPicture.jpg", new Blob([aJpeg("face")]), "pilotPicture.jpg");
  return form;
};

/** Takes `count` sightings as the collector does, then asks for one more and leaves. */
const take = async (camera: { sightings: (signal: AbortSignal) => AsyncIterable<Sighting> }, count: number) => {
  const stop = new AbortController();
  const taken: Sighting[] = [];
  for await (const sighting of camera.sightings(stop.signal)) {
    taken.push(sighting);
    if (taken.length === count) stop.abort();
  }
  return taken;
};

test("a pushed event becomes a sighting with its pictures, and the answer is an empty 200", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  const response = await post(gate.url, aPush());
  expect([response.status, await response.text()]).toEqual([200, ""]);
  const [sighting] = await take(gate.camera, 1);
  expect(sighting?.source).toBe("uuid:4d1f6d0e-5b1a-4a55-9d52-0c7f1f6f2a01");
  expect(sighting?.pictures).toEqual([
    { role: "full", bytes: scene },
    { role: "crop", bytes: crop },
  ]);
  expect(sighting?.reading).toMatchObject({
    plate: { text: "0123456", confidence: 0.97 },
    cameraTime: "2026-03-01T22:00:03+02:00",
    vendor: { name: "hikvision", eventId: "4d1f6d0e-5b1a-4a55-9d52-0c7f1f6f2a01", retransmitted: false },
  });
  expect(gate.camera.status()).toMatchObject({ status: "online", clockOffsetMs: 3_000, occupantPicturesDropped: 1 });
  expect(await readdir(join(folder.path, "spool", "gate"))).toEqual([]);
});

test.for([
  ["believed when it is trusted and within 30 s", true, 0, "2026-03-01T20:00:03.000Z", "camera"],
  ["shown but not believed when it is not trusted", false, 0, "2026-03-01T20:00:00.000Z", "collector"],
  ["not believed beyond 30 s, trusted or not", true, 60_000, "2026-03-01T20:01:00.000Z", "collector"],
] as const)("the camera's clock is %s", async ([, trustClock, lateMs, capturedAt, source]) => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  clock.advance(lateMs);
  await using gate = await openGate(folder.path, { trustClock, clock });
  await post(gate.url, event);
  const [sighting] = await take(gate.camera, 1);
  expect(sighting?.reading).toMatchObject({ capturedAt, clock: { source } });
  expect(gate.camera.status().clockOffsetMs).toBe(3_000 - lateMs);
});

test("a message that was stored before a crash is taken at the next start, with the time at which it came", async () => {
  await using folder = await temporaryFolder();
  {
    await using gate = await openGate(folder.path);
    await post(gate.url, event);
  }
  const clock = createFakeClock();
  clock.advance(3_600_000);
  await using gate = await openGate(folder.path, { clock });
  const [sighting] = await take(gate.camera, 1);
  expect(sighting?.reading.capturedAt).toBe("2026-03-01T20:00:00.000Z");
});

test("a message stays in the spool until the buffer asks for the next one", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  await post(gate.url, event);
  for await (const { source } of gate.camera.sightings(new AbortController().signal)) {
    expect(source).toMatch(/^uuid:/);
    break;
  }
  expect(await readdir(join(folder.path, "spool", "gate"))).toHaveLength(1);
  expect(await take(gate.camera, 1)).toHaveLength(1);
});

test("what cannot be read is answered 200, kept whole in quarantine, and does not stop the camera", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  for (const body of ["<E><ANPR><licensePlate>1", "\0\0\0", "", scene]) {
    expect((await post(gate.url, body)).status).toBe(200);
  }
  await post(gate.url, event);
  expect(await take(gate.camera, 1)).toHaveLength(1);
  const quarantine = join(folder.path, "quarantine", "gate");
  const names = (await readdir(quarantine)).toSorted();
  expect(names).toHaveLength(8);
  const bodies = await Promise.all(
    names.filter((name) => !name.endsWith(".txt")).map((name) => readFile(join(quarantine, name))),
  );
  expect(bodies.some((body) => body.subarray(body.indexOf("\n") + 1).equals(scene))).toBe(true);
  expect(gate.lines.filter(({ message }) => message === "a camera's message went to quarantine")).toHaveLength(4);
});

test("a spooled file that was damaged goes to quarantine", async () => {
  await using folder = await temporaryFolder();
  const spool = join(folder.path, "spool", "gate");
  await mkdir(spool, { recursive: true });
  await writeFile(join(spool, "000000000000001-damaged"), "no head line");
  await using gate = await openGate(folder.path);
  await post(gate.url, event);
  expect(await take(gate.camera, 1)).toHaveLength(1);
  expect(await readdir(join(folder.path, "quarantine", "gate"))).toContain("000000000000001-damaged.reason.txt");
});

test("a spooled file that the disk cannot read holds up no other, and is taken when it can be read", async () => {
  await using folder = await temporaryFolder();
  const spool = join(folder.path, "spool", "gate");
  const clock = createFakeClock();
  await using gate = await openGate(folder.path, { clock });
  await post(gate.url, event);
  const [name = ""] = await readdir(spool);
  await rename(join(spool, name), join(folder.path, name));
  // A folder in its place is a file that cannot be read (EISDIR), also for root.
  await mkdir(join(spool, name));
  await post(gate.url, event);
  const stop = new AbortController();
  const sightings = gate.camera.sightings(stop.signal)[Symbol.asyncIterator]();
  expect((await sightings.next()).done).toBe(false);
  expect(gate.lines).toContainEqual(
    expect.objectContaining({ level: "error", file: name, reason: expect.stringContaining("EISDIR") }),
  );
  const next = sightings.next();
  await until(async () => (await readdir(spool)).length === 1);
  await rmdir(join(spool, name));
  await rename(join(folder.path, name), join(spool, name));
  clock.advance(5 * 60_000);
  // The clock of this test stands still and its timers do not: another message wakes the camera.
  await post(gate.url, "no event");
  expect((await next).done).toBe(false);
  stop.abort();
  await sightings.next();
  expect(await readdir(spool)).not.toContain(name);
});

test("a picture that is no JPEG does not cost the plate, and the raw message is kept", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  const form = new FormData();
  form.append("anpr.xml", new Blob([event]));
  form.append("detectionPicture.jpg", new Blob(["BMP"]), "detectionPicture.jpg");
  await post(gate.url, form);
  const [sighting] = await take(gate.camera, 1);
  expect(sighting).toMatchObject({ reading: { plate: { text: "0123456" } }, pictures: [] });
  await until(async () => (await readdir(join(folder.path, "quarantine", "gate"))).length === 2);
});

test("heartbeats and other events are answered and leave nothing behind", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  await post(gate.url, readFileSync(new URL("../../../fixtures/hikvision/heartbeat.xml", import.meta.url)));
  await post(gate.url, event);
  expect(await take(gate.camera, 1)).toHaveLength(1);
  expect(await readdir(join(folder.path, "spool", "gate"))).toEqual([]);
});

test("a wrong token, a wrong method and a body of 18 MB are refused", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  expect((await post(`http://127.0.0.1:${gate.port}/hikvision/another-token-of-20`, event)).status).toBe(404);
  expect((await post(`http://127.0.0.1:${gate.port}/`, event)).status).toBe(404);
  expect((await fetch(gate.url)).status).toBe(405);
  expect((await post(gate.url, Buffer.alloc(18 * 1024 * 1024))).status).toBe(413);
  expect(await readdir(join(folder.path, "spool", "gate"))).toEqual([]);
});

test("a disk that takes nothing answers 503 to a message of any size, and the next one is taken when it does again", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  const scratch = join(folder.path, "spool-scratch", "gate");
  await rmdir(scratch);
  for (const bytes of [10, 300 * 1024, 5 * 1024 * 1024]) {
    const response = await post(gate.url, Buffer.alloc(bytes));
    expect([response.status, response.headers.get("connection")]).toEqual([503, "close"]);
  }
  expect(gate.lines.map(({ message }) => message)).toEqual(Array(3).fill("a camera's message could not be stored"));
  await mkdir(scratch);
  expect((await post(gate.url, event)).status).toBe(200);
});

test.for([
  ["at the first bytes of a message", 1],
  ["at its last", 300 * 1024],
] as const)("a disk that is full %s answers 503", async ([, room]) => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  const { log, lines } = createTestLog();
  const full: PushCamera = {
    ...gate.camera,
    receive: async (_contentType, body) => {
      let bytes = 0;
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > room) break;
      }
      throw new Error("ENOSPC: no space left on device");
    },
  };
  await using listener = await openPushListener({ host: "127.0.0.1", port: 0 }, [full], log);
  const response = await post(`http://127.0.0.1:${listener.port}/hikvision/${TOKEN}`, Buffer.alloc(300 * 1024));
  expect([response.status, response.headers.get("connection")]).toEqual([503, "close"]);
  expect(lines).toContainEqual(expect.objectContaining({ message: "a camera's message could not be stored" }));
});

test("a message that the camera cuts leaves nothing behind and the next one is taken", async () => {
  await using folder = await temporaryFolder();
  await using gate = await openGate(folder.path);
  const socket = connect(gate.port, "127.0.0.1");
  socket.write(`POST /hikvision/${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n<E>`);
  await until(async () => (await readdir(join(folder.path, "spool-scratch", "gate"))).length === 1);
  socket.destroy();
  await until(async () => (await readdir(join(folder.path, "spool-scratch", "gate"))).length === 0);
  await post(gate.url, event);
  expect(await take(gate.camera, 1)).toHaveLength(1);
});
