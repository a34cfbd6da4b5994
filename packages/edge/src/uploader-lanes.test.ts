/** The two lanes against a real HTTP server. Rule: metadata never waits for an image, and images lose nothing by waiting. */
import { expect, test, vi } from "vitest";
import { BATCH_BYTES_MAX } from "@chaverim/contracts";
import { createSystemClock } from "./clock.ts";
import {
  QUICK,
  aJpeg,
  aPace,
  aSighting,
  createFakeClock,
  createTestLog,
  drained,
  fill,
  openLine,
  pictures,
  readBatch,
  replyWith,
  storedReply,
  temporaryFolder,
  until,
  type ReceivedRequest,
  type Reply,
} from "./testing.ts";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { createUploader } from "./uploader.ts";

const seqsOf = (request: ReceivedRequest): number[] =>
  readBatch(request).payloads.map((payload) => (JSON.parse(payload) as { seq: number }).seq);
const imagesOf = (request: ReceivedRequest): string[] =>
  readBatch(request)
    .parts.map(({ name }) => name ?? "")
    .filter((name) => name !== "detections");
const carriesImages = (request: ReceivedRequest) => imagesOf(request).length > 0;
const isEmpty = (buffer: DetectionBuffer) => () =>
  buffer.stats().lanes.metadata.rows + buffer.stats().lanes.images.rows === 0;

/** A central that keeps what it was given, and says what it misses. */
const keeping = (pace = aPace) => {
  const held = new Set<string>();
  return (request: ReceivedRequest): Reply => {
    const names = new Set(imagesOf(request));
    return replyWith(
      request,
      (payload, index) => {
        const { id, images } = JSON.parse(payload) as { id: string; images: { role: string }[] };
        for (const { role } of images) if (names.has(`image_${index}_${role}`)) held.add(`${id} ${role}`);
        return { missing: images.map(({ role }) => role).filter((role) => !held.has(`${id} ${role}`)) };
      },
      pace,
    );
  };
};

test("a detection that waited because its images were under way goes by itself when they did not arrive", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const pace = { ...aPace, maxBatch: 1, delayMs: 100 };
  const keep = keeping(pace);
  await using line = await openLine(async (request) => {
    if (!carriesImages(request)) return keep(request);
    await held;
    return "hang up";
  });
  line.uploader.setPace(pace);
  await fill(line.buffer, 2, true);
  line.start();
  await until(() => line.central.batches().some(carriesImages) && line.buffer.stats().lanes.metadata.rows === 1);
  // Long enough for the detections' lane to have looked, and found its only row on its way with the images.
  await new Promise((resolve) => setTimeout(resolve, 400));
  line.uploader.setPace({ ...pace, imagesPaused: true });
  release();
  await until(() => line.buffer.stats().lanes.metadata.rows === 0);
  expect(line.buffer.stats().lanes.images.rows).toBe(4);
});

test("a fresh detection overtakes an image request that is under way, and a backlog of others", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const keep = keeping({ ...aPace, maxBatch: 2 });
  await using line = await openLine(async (request) => {
    if (carriesImages(request)) await held;
    return keep(request);
  });
  line.uploader.setPace({ ...aPace, maxBatch: 2 });
  await fill(line.buffer, 20, true);
  line.start();
  await until(() => line.central.batches().some(carriesImages));
  await line.buffer.add(aSighting({ plate: "FRESH", pictures: [...pictures] }));
  line.uploader.noteAdded(100);
  await until(() => line.central.batches().some((request) => request.body.includes("FRESH")));
  // And so do the others' readings, but for those that are on their way with the images.
  await until(() => line.buffer.stats().lanes.metadata.rows <= 2);
  // One request of images at a time, however long it takes.
  expect(line.central.batches().filter(carriesImages)).toHaveLength(1);
  release();
  await until(isEmpty(line.buffer));
});

test("images of a detection that is sent while others' images are under way follow them", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const keep = keeping();
  await using line = await openLine(async (request) => {
    if (carriesImages(request)) await held;
    return keep(request);
  });
  line.uploader.setPace({ ...aPace, imagesPaused: true });
  await fill(line.buffer, 1, true);
  line.start();
  await until(() => line.buffer.stats().lanes.metadata.rows === 0);
  line.uploader.setPace(aPace);
  await until(() => line.central.batches().some(carriesImages));
  await line.buffer.add(aSighting({ plate: "FRESH", pictures: [...pictures] }));
  line.uploader.noteAdded(100);
  await until(() => line.buffer.stats().lanes.metadata.rows === 0);
  release();
  await until(isEmpty(line.buffer));
  expect(line.central.batches().map(carriesImages)).toEqual([false, true, false, true]);
});

test("what central turns out not to hold goes again, also when that is heard while another batch is under way", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const keep = keeping();
  await using line = await openLine(async (request) => {
    if (request.body.includes("SECOND")) await held;
    return keep(request);
  });
  line.start();
  for (const plate of ["FIRST", "SECOND"]) {
    await line.buffer.add(aSighting({ plate }));
    line.uploader.noteAdded(100);
    await until(() => line.central.batches().some((request) => request.body.includes(plate)));
    if (plate === "FIRST") await until(isEmpty(line.buffer));
  }
  expect(line.buffer.notHeld(line.buffer.epoch, [], false)).toBe(1);
  line.uploader.noteAgain();
  release();
  await until(isEmpty(line.buffer));
  expect(line.central.batches().map((request) => request.body.includes("FIRST"))).toEqual([true, false, true]);
});

test("metadata goes newest first and images oldest first, each row and each image once", async () => {
  const keep = keeping();
  await using line = await openLine((request, count) => {
    const reply = keep(request) as { status: number; body: { pace: object } };
    return { ...reply, body: { ...reply.body, pace: { ...aPace, maxBatch: 3, imagesPaused: count < 4 } } };
  });
  line.uploader.setPace({ ...aPace, maxBatch: 3, imagesPaused: true });
  await fill(line.buffer, 10, true);
  line.start();
  await until(isEmpty(line.buffer));
  const batches = line.central.batches();
  const metadata = batches.filter((request) => !carriesImages(request)).flatMap(seqsOf);
  const images = batches.filter(carriesImages).flatMap(seqsOf);
  expect(metadata).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(images).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(batches.flatMap(imagesOf)).toHaveLength(20);
});

test("on a good line with nothing waiting one batch has everything", async () => {
  await using line = await openLine(keeping());
  line.start();
  for (let n = 0; n < 3; n++) {
    await line.buffer.add(aSighting({ pictures: [...pictures] }));
    line.uploader.noteAdded(100);
    await until(isEmpty(line.buffer));
  }
  expect(line.central.batches().map((request) => imagesOf(request).length)).toEqual([2, 2, 2]);
});

test("on a slow line detections go alone, then their images", async () => {
  const keep = keeping();
  // 40 bytes a millisecond, 320 kbit/s: 100 KB of pictures take 2.5 s.
  await using line = await openLine(
    async (request) => {
      await new Promise((resolve) => setTimeout(resolve, request.body.length / 40));
      return keep(request);
    },
    { trigger: { ...QUICK, bytes: 60_000 } },
  );
  const big = (n: number) => [{ role: "full", bytes: aJpeg(Buffer.alloc(400_000, n)) }] as const;
  await line.buffer.add(aSighting({ pictures: [...big(1)] }));
  line.start();
  // The first picture is larger than the batch: it goes by itself, takes 10 s, and shows what the line is.
  await until(isEmpty(line.buffer));
  await line.buffer.add(aSighting({ plate: "FRESH", pictures: [{ role: "crop", bytes: aJpeg("small") }] }));
  line.uploader.noteAdded(100);
  await until(isEmpty(line.buffer));
  const withFresh = line.central.batches().filter((request) => request.body.includes("FRESH"));
  expect(withFresh.map((request) => imagesOf(request).length)).toEqual([0, 1]);
}, 60_000);

test("413 that names its limits is obeyed: batches within maxBatchBytes, and an image beyond maxItemBytes waits", async () => {
  const limits = { maxBatchBytes: 100_000, maxItemBytes: 50_000 };
  const keep = keeping();
  await using line = await openLine((request) => {
    const isTooLarge =
      request.body.length > limits.maxBatchBytes ||
      readBatch(request).parts.some(({ body, name }) => name !== "detections" && body.length > limits.maxItemBytes);
    if (!isTooLarge) return keep(request);
    return { status: 413, body: { code: "too_large", message: "Split it.", requestId: "r", details: limits } };
  });
  for (let n = 0; n < 6; n++) {
    await line.buffer.add(aSighting({ pictures: [{ role: "full", bytes: aJpeg(Buffer.alloc(40_000, n)) }] }));
  }
  await line.buffer.add(aSighting({ plate: "HUGE", pictures: [{ role: "full", bytes: aJpeg(Buffer.alloc(60_000)) }] }));
  line.start();
  await until(() => line.buffer.stats().lanes.metadata.rows === 0 && line.buffer.stats().lanes.images.rows === 1);
  const sizes = line.central.batches().map(({ body }) => body.length);
  // One refusal teaches both limits.
  expect(sizes.filter((bytes) => bytes > limits.maxBatchBytes)).toHaveLength(1);
  expect(line.lines).toContainEqual(
    expect.objectContaining({ images: [{ role: "full", reason: "central takes images of at most 50000 bytes" }] }),
  );
  expect(BATCH_BYTES_MAX).toBeGreaterThan(limits.maxBatchBytes);
});

test("a detection over which central trips holds up no other, and is kept", async () => {
  await using line = await openLine(
    (request) => (request.body.includes("POISON") ? { status: 500, body: {} } : storedReply(request)),
    { random: () => 0.001 },
  );
  await fill(line.buffer, 3);
  await line.buffer.add(aSighting({ plate: "POISON" }));
  line.start();
  await until(() => line.buffer.stats().rows === 1);
  expect(line.buffer.due(1, Number.MAX_SAFE_INTEGER, "metadata")[0]?.payload).toContain("POISON");
});

test("while the line is cut one lane tries, and when it is back both go on", async () => {
  let down = true;
  const keep = keeping();
  await using line = await openLine((request) => (down ? "hang up" : keep(request)), { random: () => 0.1 });
  await fill(line.buffer, 5, true);
  line.start();
  await until(() => line.central.batches().length >= 4);
  const tries = line.central.batches().length;
  expect(line.central.batches().filter((request) => seqsOf(request).length < 5).length).toBeLessThan(tries / 2);
  down = false;
  line.uploader.setPace(aPace);
  await until(isEmpty(line.buffer));
});

test("Retry-After as a date is waited for", async () => {
  const at: number[] = [];
  await using line = await openLine((request, count) => {
    at.push(Date.now());
    if (count > 1) return storedReply(request);
    // Dates have whole seconds: two ahead is at least one.
    return { status: 503, headers: { "retry-after": new Date(Date.now() + 2_000).toUTCString() }, body: {} };
  });
  await fill(line.buffer, 1);
  line.start();
  await until(drained(line.buffer));
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(990);
});

test("a board that has just booted waits up to 30 s, as chance has it; one that has not begins at once", async () => {
  const beginsAfter = async (uptimeMs: number) => {
    await using line = await openLine(undefined, { random: () => 0.02, uptimeMs });
    await fill(line.buffer, 1);
    const started = performance.now();
    line.start();
    await until(drained(line.buffer));
    return performance.now() - started;
  };
  expect(await beginsAfter(10_000)).toBeGreaterThan(590);
  expect(await beginsAfter(121_000)).toBeLessThan(590);
});

test("a refused key is tried every 5 minutes, while new rows come in", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  // Only what the uploader waits for is fake: the network has its own time.
  const settled = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    await using line = await openLine(() => ({ status: 401, body: {} }));
    await fill(line.buffer, 2, true);
    line.start();
    await settled(() => line.central.batches().length === 1 && vi.getTimerCount() > 0);
    for (let tries = 1; tries < 4; tries++) {
      await fill(line.buffer, 1);
      line.uploader.noteAdded(100);
      vi.advanceTimersByTime(299_000);
      for (let turn = 0; turn < 50; turn++) await settled(() => true);
      expect(line.central.batches()).toHaveLength(tries);
      vi.advanceTimersByTime(1_500);
      await settled(() => line.central.batches().length === tries + 1 && vi.getTimerCount() > 0);
    }
    expect(line.buffer.stats().rows).toBe(5);
  } finally {
    vi.useRealTimers();
  }
});

test("a queue whose request never ends is stuck; one whose line is cut for a day is not", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createSystemClock());
  await fill(buffer, 1);
  const clock = createFakeClock();
  const { log } = createTestLog();
  const stop = new AbortController();
  let isHanging = false;
  let ask: () => void = () => undefined;
  const uploader = createUploader({
    buffer,
    central: async () => {
      if (isHanging) await new Promise<void>((resolve) => (ask = resolve));
      return { kind: "unreachable", reason: "cut", timedOut: false };
    },
    clock,
    trigger: QUICK,
    log,
    random: () => 0.001,
    uptimeMs: 3_600_000,
  });
  const running = uploader.run(stop.signal);
  for (let hour = 0; hour < 24; hour++) {
    clock.advance(5 * 60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    uploader.setPace(aPace);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(uploader.isStuck()).toBe(false);
  }
  isHanging = true;
  uploader.setPace(aPace);
  await new Promise((resolve) => setTimeout(resolve, 400));
  clock.advance(85_000);
  expect(uploader.isStuck()).toBe(false);
  clock.advance(10_000);
  expect(uploader.isStuck()).toBe(true);
  stop.abort();
  ask();
  await running;
});
