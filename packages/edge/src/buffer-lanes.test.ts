/** What the buffer gives to its lanes and hears from central. Rule: signed, chained, and nothing held back that central lacks. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { detectionSchema } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { sha256Of } from "./images.ts";
import { aJpeg, aReceipt, aSighting, createFakeClock, temporaryFolder } from "./testing.ts";
import { openVault } from "./vault.ts";

const crop = (name: string) => ({ role: "crop", bytes: aJpeg(`crop ${name}`) }) as const;
const full = (name: string) => ({ role: "full", bytes: aJpeg(`full ${name}`) }) as const;

const acknowledge = (buffer: DetectionBuffer, missing: ("full" | "crop")[] = []) => {
  for (const { seq, payload } of buffer.due(1_000, 0, "metadata")) {
    buffer.settle([{ seq, kind: "acknowledged", receipt: aReceipt(payload), missing, againAtMs: 0 }]);
  }
};

const seqs = (rows: readonly { seq: number }[]) => rows.map(({ seq }) => seq);

const addRows = async (buffer: DetectionBuffer, count: number) => {
  for (let n = 0; n < count; n++) await buffer.add(aSighting({ pictures: [full(`${n}`), crop(`${n}`)] }));
};

test("each payload is signed by the device as it is sent, names the one before it, and carries a nonce of its own", async () => {
  await using folder = await temporaryFolder();
  const vault = await openVault(folder.path);
  await using buffer = await openBuffer(folder.path, createFakeClock(), { vault });
  // At once, as cameras do: they are numbered one after the other all the same.
  await Promise.all(Array.from({ length: 40 }, () => buffer.add(aSighting())));
  const rows = buffer.due(100, 0, "metadata").toReversed();
  const detections = rows.map(({ payload }) => detectionSchema.parse(JSON.parse(payload)));
  expect(detections.map(({ seq, epoch }) => [epoch, seq])).toEqual(rows.map((_, n) => [buffer.epoch, n + 1]));
  expect(detections.map(({ prev }) => prev)).toEqual([
    null,
    ...rows.slice(0, -1).map(({ payload }) => sha256Of(payload)),
  ]);
  const nonces = new Set(detections.map(({ nonce }) => nonce));
  expect([nonces.size, Buffer.from([...nonces][0] ?? "", "base64").length]).toEqual([40, 32]);
  expect(rows.every(({ payload, signature }) => vault.isOurs("payload", payload, signature))).toBe(true);
});

test("what waits is counted right whatever happens to rows and images, and a restart counts the same", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const stack = new AsyncDisposableStack();
  const buffer = stack.use(await openBuffer(folder.path, clock));
  await addRows(buffer, 6);
  const sizes = buffer.due(10, 0, "metadata").map(({ payload }) => Buffer.byteLength(payload));
  const imageBytes = full("0").bytes.length + crop("0").bytes.length;
  expect(buffer.stats()).toMatchObject({
    rows: 6,
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 6 * imageBytes),
    lanes: { metadata: { rows: 6 }, images: { rows: 12 } },
  });
  clock.advance(60_000);
  await addRows(buffer, 1);
  const receiptOf = (seq: number) =>
    aReceipt(buffer.due(10, 0, "metadata").find((row) => row.seq === seq)?.payload ?? "");
  buffer.settle([{ seq: 1, kind: "acknowledged", receipt: receiptOf(1), missing: ["full"], againAtMs: 0 }]);
  buffer.settle([{ seq: 2, kind: "acknowledged", receipt: receiptOf(2), missing: [], againAtMs: 0 }]);
  buffer.settle([{ seq: 3, kind: "image_lost", role: "crop" }]);
  buffer.settle([{ seq: 4, kind: "again", againAtMs: 5 }]);
  expect(buffer.stats()).toMatchObject({ rows: 5, damaged: 0, lanes: { images: { rows: 10 } } });
  expect(buffer.notHeld(buffer.epoch, [[3, 7]], false)).toBe(2);
  expect(buffer.stats()).toMatchObject({ rows: 7, lanes: { images: { rows: 13 } } });
  buffer.settle([{ seq: 2, kind: "acknowledged", receipt: receiptOf(2), missing: [], againAtMs: 0 }]);
  buffer.prune([2]);
  const counted = buffer.stats();
  expect(counted).toMatchObject({ rows: 6, lanes: { metadata: { rows: 6 }, images: { rows: 11 } } });
  await stack.disposeAsync();
  await using again = await openBuffer(folder.path, clock);
  // What came in the last hour, a restart forgets.
  expect(again.stats()).toEqual({ ...counted, imageSecondsLeft: null });
});

test("one sighting that cannot be a detection costs none of those that are stored with it", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const wrong = aSighting();
  const adding = [aSighting(), { ...wrong, reading: { ...wrong.reading, capturedAt: "yesterday" } }, aSighting()];
  const outcomes = await Promise.allSettled(adding.map((sighting) => buffer.add(sighting)));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(buffer.lastSeq()).toBe(2);
});

test("the same event twice at the same moment is stored once", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const adding = Array.from({ length: 3 }, () => buffer.add(aSighting({ source: "uuid:1" })));
  expect((await Promise.all(adding)).map(({ kind }) => kind)).toEqual(["stored", "repeat", "repeat"]);
});

test("metadata goes newest first, images oldest first, each lane with its own count and its oldest", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  await using buffer = await openBuffer(folder.path, clock);
  const firstAt = new Date(clock.nowMs()).toISOString();
  await addRows(buffer, 2);
  clock.advance(60_000);
  await addRows(buffer, 1);
  expect([seqs(buffer.due(2, 0, "metadata")), seqs(buffer.due(2, 0, "images"))]).toEqual([
    [3, 2],
    [1, 2],
  ]);
  acknowledge(buffer, ["full"]);
  expect(buffer.due(10, 0, "metadata")).toEqual([]);
  expect(buffer.due(10, 0, "images").map(({ imagesDue }) => imagesDue.map(({ role }) => role))).toEqual([
    ["full"],
    ["full"],
    ["full"],
  ]);
  expect(buffer.stats().lanes).toEqual({
    metadata: { rows: 0, oldestAt: null },
    images: { rows: 3, oldestAt: firstAt },
  });
  const [oldest] = buffer.due(1, 0, "images");
  buffer.settle([{ seq: oldest?.seq ?? 0, kind: "again", againAtMs: 5_000 }]);
  expect([seqs(buffer.due(10, 0, "images")), seqs(buffer.due(10, 5_000, "images"))]).toEqual([
    [2, 3],
    [1, 2, 3],
  ]);
});

test("the lowest number that waits for a receipt is told, also of a row that waits its turn, and of all that is doubted", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  expect(buffer.stats().lowestUnacked).toBeNull();
  await addRows(buffer, 5);
  const rows = buffer.due(10, 0, "metadata");
  const settle = (seq: number) => {
    const receipt = aReceipt(rows.find((row) => row.seq === seq)?.payload ?? "");
    buffer.settle([{ seq, kind: "acknowledged", receipt, missing: [], againAtMs: 0 }]);
  };
  settle(1);
  buffer.settle([{ seq: 2, kind: "again", againAtMs: 5_000 }]);
  expect(buffer.stats().lowestUnacked).toBe(2);
  settle(2);
  expect(buffer.stats().lowestUnacked).toBe(3);
  settle(4);
  settle(5);
  settle(3);
  expect(buffer.stats().lowestUnacked).toBeNull();
  buffer.doubtAll();
  expect(buffer.stats().lowestUnacked).toBe(1);
  buffer.repeatNext();
  expect(buffer.stats().lowestUnacked).toBe(1);
});

test("what central does not hold after a restore is due again with its images, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  await using buffer = await openBuffer(folder.path, clock);
  await addRows(buffer, 8);
  acknowledge(buffer);
  expect(buffer.notHeld(buffer.epoch + 1, [], false)).toBe(0);
  expect(buffer.notHeld(buffer.epoch, [[1, 8]], false)).toBe(0);
  expect(buffer.notHeld(buffer.epoch, [], true)).toBe(0);
  // Below the first range nothing is said.
  expect(
    buffer.notHeld(
      buffer.epoch,
      [
        [3, 5],
        [7, 7],
      ],
      true,
    ),
  ).toBe(2);
  expect(seqs(buffer.due(10, 0, "metadata"))).toEqual([8, 6]);
  expect(seqs(buffer.due(10, 0, "images"))).toEqual([6, 8]);
  expect(seqs(buffer.prunable(clock.nowMs(), 0, 10))).toEqual([1, 2, 3, 4, 5, 7]);
  expect(
    buffer.notHeld(
      buffer.epoch,
      [
        [3, 5],
        [7, 7],
      ],
      false,
    ),
  ).toBe(2);
  expect(seqs(buffer.due(10, 0, "metadata"))).toEqual([8, 6, 2, 1]);
  acknowledge(buffer);
  expect([buffer.due(10, 0, "metadata"), buffer.due(10, 0, "images")]).toEqual([[], []]);
});

test("pictures on the disk are sealed, and read as the bytes that the camera sent", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const picture = full("of a car");
  await buffer.add(aSighting({ pictures: [picture] }));
  const [name] = (await readdir(join(folder.path, "images"), { recursive: true })).filter((file) => file.includes("."));
  const onDisk = await readFile(join(folder.path, "images", name ?? ""));
  expect([onDisk.includes("of a car"), onDisk.subarray(0, 3).equals(picture.bytes.subarray(0, 3))]).toEqual([
    false,
    false,
  ]);
  const [row] = buffer.due(1, 0, "images");
  const [image] = row?.imagesDue ?? [];
  expect(image && (await buffer.readImage(image))).toEqual(picture.bytes);
});

test("a sidecar goes with its row, and the newest one only when there is a newer", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const sidecars = async (epoch: number) =>
    (await readdir(join(folder.path, "sidecars", String(epoch), "0"))).map(Number).toSorted((a, b) => a - b);
  let epoch = 0;
  {
    await using buffer = await openBuffer(folder.path, clock);
    epoch = buffer.epoch;
    await addRows(buffer, 3);
    acknowledge(buffer);
    buffer.prune([1]);
    expect(await sidecars(epoch)).toEqual([2, 3]);
    buffer.prune([2, 3]);
    expect(await sidecars(epoch)).toEqual([3]);
  }
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting());
  expect([await sidecars(epoch), buffer.lastSeq()]).toEqual([[4], 4]);
});
