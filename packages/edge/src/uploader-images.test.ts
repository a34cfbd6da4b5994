/** What becomes of a row's images on their way to central. Rule: an image is due until central has it or its row is settled. */
import { mkdir, readFile, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256Of } from "./images.ts";
import {
  aJpeg,
  aPace,
  aSighting,
  crop,
  drained,
  fill,
  openLine,
  pictures,
  readBatch,
  replyWith,
  scene,
  until,
  type ReceivedRequest,
} from "./testing.ts";

test("images that central misses are sent again with the same bytes of detection, and only those", async () => {
  await using line = await openLine((request, count) =>
    replyWith(request, () => ({ missing: count === 1 ? ["crop"] : [] })),
  );
  await fill(line.buffer, 1, true);
  line.start();
  await until(() => line.central.batches().length === 2);
  const [first, second] = line.central.batches().map(readBatch);
  expect(second?.payloads).toEqual(first?.payloads);
  expect(second?.parts.map(({ name }) => name)).toEqual(["detections", "image_0_crop"]);
});

test.for(["stored", "duplicate"])(
  "a result of %s that does not say what is missing settles only what was sent",
  async (status) => {
    const pace = { ...aPace, imagesPaused: true };
    await using line = await openLine((request) => replyWith(request, () => ({ status }), pace));
    await fill(line.buffer, 1, true);
    line.uploader.setPace(pace);
    line.start();
    await until(drained(line.buffer));
    const roles = () => line.buffer.due(10, Number.MAX_SAFE_INTEGER, "images")[0]?.imagesDue.map(({ role }) => role);
    expect(roles()).toEqual(["full", "crop"]);
    line.uploader.setPace(aPace);
    await until(() => roles() === undefined);
    expect(readBatch(line.central.batches()[1] as ReceivedRequest).parts).toHaveLength(3);
  },
);

test("of a quarantined row those pictures are sent that central says are missing, and none when it says nothing", async () => {
  const pace = { ...aPace, imagesPaused: true };
  await using line = await openLine((request, count) => {
    const missing = count === 1 ? { missing: ["full"] } : count === 2 ? { missing: [] } : {};
    return replyWith(request, () => ({ status: "quarantined", reason: "bad_signature", ...missing }), pace);
  });
  await fill(line.buffer, 1, true);
  line.uploader.setPace(pace);
  line.start();
  await until(drained(line.buffer));
  line.uploader.setPace(aPace);
  await until(() => line.buffer.stats().lanes.images.rows === 0);
  const second = line.central.batches()[1];
  expect(second && readBatch(second).parts.map(({ name }) => name)).toEqual(["detections", "image_0_full"]);
  await fill(line.buffer, 1, true);
  line.uploader.noteAdded(1);
  await until(drained(line.buffer));
  expect(line.buffer.due(10, Number.MAX_SAFE_INTEGER, "images")).toEqual([]);
});

test("retransmit reads the images from the disk and sends them again", async () => {
  await using line = await openLine((request, count) =>
    replyWith(request, () =>
      count === 1 ? { status: "retransmit", retransmit: [sha256Of(scene)], receipt: undefined } : {},
    ),
  );
  await fill(line.buffer, 1, true);
  line.start();
  await until(drained(line.buffer));
  const [first, second] = line.central.batches().map(readBatch);
  expect(second?.parts.map(({ body }) => body)).toEqual(first?.parts.map(({ body }) => body));
});

test("an image that was altered on the disk is never sent, and its detection is", async () => {
  await using line = await openLine();
  await fill(line.buffer, 1, true);
  const images = join(line.folder, "images");
  const name = (await readdir(images, { recursive: true })).find((each) => each.includes(sha256Of(crop)));
  await writeFile(join(images, name ?? ""), aJpeg("forged"));
  line.start();
  await until(drained(line.buffer));
  const [request] = line.central.batches();
  expect(request && readBatch(request).parts.map((part) => part.name)).toEqual(["detections", "image_0_full"]);
  expect(line.buffer.stats()).toMatchObject({ damaged: 0, damagedImages: 1 });
  expect(line.buffer.sacrificed()).toEqual([]);
  expect(line.lines.some(({ level }) => level === "error")).toBe(true);
});

test("an image that the disk cannot read costs no row, is not asked for at once, and goes when it can be read", async () => {
  await using line = await openLine(
    (request) => {
      const names = new Set(readBatch(request).parts.map(({ name }) => name));
      return replyWith(request, (payload, index) => ({
        missing: payload.includes('"BAD"') && !names.has(`image_${index}_crop`) ? ["crop"] : [],
      }));
    },
    { random: () => 0.5 },
  );
  await line.buffer.add(aSighting({ plate: "BAD", pictures: [...pictures] }));
  const images = join(line.folder, "images");
  const name = (await readdir(images, { recursive: true })).find((each) => each.includes(sha256Of(crop))) ?? "";
  const stored = await readFile(join(images, name));
  // A folder in its place is a file that cannot be read (EISDIR), also for root.
  await rm(join(images, name));
  await mkdir(join(images, name));
  await fill(line.buffer, 2);
  line.start();
  await until(drained(line.buffer));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(line.central.batches()).toHaveLength(1);
  const [first] = line.central.batches().map(readBatch);
  expect(first?.payloads).toHaveLength(3);
  expect(first?.parts.map((part) => part.name)).toEqual(["detections", "image_2_full"]);
  expect(line.lines).toContainEqual(
    expect.objectContaining({
      level: "error",
      images: [expect.objectContaining({ role: "crop", reason: expect.stringContaining("EISDIR") })],
    }),
  );
  await rmdir(join(images, name));
  await writeFile(join(images, name), stored);
  await until(() => line.central.batches().length === 2);
  const [, second] = line.central.batches().map(readBatch);
  expect(second?.parts.map((part) => part.name)).toEqual(["detections", "image_0_crop"]);
  expect(second?.parts[1]?.body).toEqual(crop);
});
