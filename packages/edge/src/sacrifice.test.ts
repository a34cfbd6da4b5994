/** A disk that fills up. Rule: images go in their order, metadata never, and each loss is recorded. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IMAGE_BYTES_MAX, detectionSchema, type SACRIFICES } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { RecoverableError } from "./failure.ts";
import { aJpeg, aReceipt, aSighting, createFakeClock, temporaryFolder } from "./testing.ts";

const SCENE_BYTES = 60_000;
const CROP_BYTES = 10_000;

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 20, minute)).toISOString();

/** A sighting of a minute, with pictures that no other has. */
const sightingAt = (minute: number) => {
  const sighting = aSighting({
    plate: `M${minute}`,
    pictures: [
      { role: "full", bytes: aJpeg(randomBytes(SCENE_BYTES)) },
      { role: "crop", bytes: aJpeg(randomBytes(CROP_BYTES)) },
    ],
  });
  return { ...sighting, reading: { ...sighting.reading, capturedAt: at(minute) } };
};

const addMinutes = async (buffer: DetectionBuffer, from: number, to: number) => {
  for (let minute = from; minute < to; minute++) await buffer.add(sightingAt(minute));
};

/** The plates whose image of a role is still due. */
const dueImages = (buffer: DetectionBuffer, role: "full" | "crop") =>
  buffer
    .due(1_000, Number.MAX_SAFE_INTEGER, "images")
    .filter(({ imagesDue }) => imagesDue.some((image) => image.role === role))
    .map(({ payload }) => detectionSchema.parse(JSON.parse(payload)).plate.text);

const imageFiles = async (dataDir: string) =>
  (await readdir(join(dataDir, "images"), { recursive: true })).filter((name) => name.endsWith(".sealed"));

test("images that central holds go first, then the oldest scenes, then the oldest crops, and every row stays", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock(), { maxBytes: 8_000_000 });
  let minute = 10;
  const kinds = () => buffer.sacrificed().map(({ kind }) => kind);
  const addUntil = async (kind: (typeof SACRIFICES)[number]) => {
    while (!kinds().includes(kind)) await buffer.add(sightingAt(minute++));
  };
  await addMinutes(buffer, 0, 10);
  for (const { seq, payload } of buffer.due(10, 0, "metadata")) {
    buffer.settle([{ seq, kind: "acknowledged", receipt: aReceipt(payload), missing: [], againAtMs: 0 }]);
  }
  await addUntil("acknowledged_images");
  expect(buffer.sacrificed()).toMatchObject([{ fromAt: at(0) }]);
  expect(dueImages(buffer, "full")).toHaveLength(minute - 10);

  await addUntil("old_scenes");
  expect(buffer.sacrificed()).toMatchObject([{ images: 20, fromAt: at(0), toAt: at(9) }, { fromAt: at(10) }]);
  expect([dueImages(buffer, "full").at(-1), dueImages(buffer, "crop").length]).toEqual([`M${minute - 1}`, minute - 10]);

  await addUntil("old_crops");
  expect(dueImages(buffer, "full")).toEqual([`M${minute - 1}`]);
  expect(dueImages(buffer, "crop").at(-1)).toBe(`M${minute - 1}`);
  expect(kinds().toSorted()).toEqual(["acknowledged_images", "old_crops", "old_scenes"]);
  expect(buffer.due(10_000, 0, "metadata")).toHaveLength(minute - 10);
  const given = buffer.sacrificed().reduce((sum, { images }) => sum + images, 0);
  expect((await imageFiles(folder.path)).length).toBe(2 * minute - given);
}, 120_000);

test("an image that was given up is waited for by nobody, and a picture that two rows name stays for the other", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock(), { maxBytes: 6_000_000 });
  const shared = aJpeg("the same picture twice");
  await buffer.add(aSighting({ pictures: [{ role: "full", bytes: shared }] }));
  await addMinutes(buffer, 0, 70);
  await buffer.add(aSighting({ pictures: [{ role: "crop", bytes: shared }] }));
  const [first] = buffer.due(100, 0, "metadata").slice(-1);
  expect([first?.seq, first?.imagesDue]).toEqual([1, []]);
  const [last] = buffer.due(1, 0, "metadata");
  const [image] = last?.imagesDue ?? [];
  expect(image && (await buffer.readImage(image))).toEqual(shared);
});

test("how long full images still fit is told from the rate of the last hour", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  await using buffer = await openBuffer(folder.path, clock, { maxBytes: 20_000_000 });
  expect(buffer.stats().imageSecondsLeft).toBeNull();
  await addMinutes(buffer, 0, 12);
  clock.advance(600_000);
  // 12 x 70 kB in 600 s are 1.4 kB a second; of 20 MB some 18 are left.
  const { imageSecondsLeft, lanes } = buffer.stats();
  expect(imageSecondsLeft).toBeGreaterThan(12_000);
  expect(imageSecondsLeft).toBeLessThan(13_700);
  expect(lanes).toMatchObject({ metadata: { rows: 12 }, images: { rows: 24 } });
  clock.advance(2 * 3_600_000);
  expect(buffer.stats().imageSecondsLeft).toBeNull();
});

/** Runs on a file system of so many megabytes in memory; says false where mounting is not allowed. */
const withSmallDisk = async (megabytes: number, run: (path: string) => Promise<void>): Promise<boolean> => {
  await using folder = await temporaryFolder();
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path], { stdio: "ignore" });
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
  try {
    await run(folder.path);
  } finally {
    execFileSync("/bin/umount", ["--lazy", folder.path]);
  }
  return true;
};

test("on a disk that is really full images make room, and when none is left the collector waits", async (context) => {
  const ran = await withSmallDisk(12, async (path) => {
    // A limit far beyond the disk: only ENOSPC tells.
    await using buffer = await openBuffer(path, createFakeClock(), { maxBytes: 1_000_000_000 });
    await addMinutes(buffer, 0, 250);
    expect(buffer.due(1_000, 0, "metadata")).toHaveLength(250);
    expect(buffer.sacrificed().map(({ kind }) => kind)).toContain("old_scenes");
    expect(dueImages(buffer, "full").at(-1)).toBe("M249");
    const { bavail, bsize } = await statfs(path);
    await writeFile(join(path, "somebody else's"), Buffer.alloc(bavail * bsize));
    const tooLarge = aSighting({ pictures: [{ role: "full", bytes: aJpeg(randomBytes(IMAGE_BYTES_MAX - 10)) }] });
    await expect(buffer.add(tooLarge)).rejects.toThrow(RecoverableError);
    expect(buffer.due(1_000, 0, "metadata")).toHaveLength(250);
  });
  if (!ran) context.skip("mounting a file system is not allowed here");
});
