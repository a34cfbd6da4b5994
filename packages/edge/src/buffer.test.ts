/** The buffer on a real SQLite file and real image files. Rule: what `add` returned survives anything but the disk's death. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { detectionSchema } from "@chaverim/contracts";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import { FatalError } from "./failure.ts";
import { sha256Of } from "./images.ts";
import { aJpeg, aReceipt, aSighting, createFakeClock, temporaryFolder } from "./testing.ts";

const full = { role: "full", bytes: aJpeg("scene") } as const;
const crop = { role: "crop", bytes: aJpeg("crop") } as const;

/** Everything that is due in either lane, newest first. */
const allDue = (buffer: DetectionBuffer) => {
  const rows = (["metadata", "images"] as const).flatMap((lane) => buffer.due(1_000, Number.MAX_SAFE_INTEGER, lane));
  return [...new Map(rows.map((row) => [row.seq, row])).values()].toSorted((a, b) => b.seq - a.seq);
};

const imageFiles = async (dataDir: string): Promise<string[]> =>
  (await readdir(join(dataDir, "images"), { recursive: true })).filter((name) => name.endsWith(".sealed"));

const acknowledge = (buffer: DetectionBuffer, missing: ("full" | "crop")[] = []) => {
  for (const { seq, payload } of allDue(buffer)) {
    buffer.settle([{ seq, kind: "acknowledged", receipt: aReceipt(payload), missing, againAtMs: 0 }]);
  }
};

test("a sighting is stored as the exact text of a valid detection, numbered without gaps", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  await buffer.add(aSighting({ plate: "0123456", pictures: [full, crop] }));
  await buffer.add(aSighting());
  const [second, first] = allDue(buffer);
  const detection = detectionSchema.parse(JSON.parse(first?.payload ?? ""));
  expect(detection).toMatchObject({ id: first?.id, epoch: buffer.epoch, seq: 1, plate: { text: "0123456" } });
  expect(detection.images).toEqual([
    { role: "full", sha256: sha256Of(full.bytes), bytes: full.bytes.length, mime: "image/jpeg" },
    { role: "crop", sha256: sha256Of(crop.bytes), bytes: crop.bytes.length, mime: "image/jpeg" },
  ]);
  expect([second?.seq, buffer.lastSeq()]).toEqual([2, 2]);
  expect((second?.id ?? "") > (first?.id ?? "")).toBe(true);
  expect(first?.imagesDue.map(({ role }) => role)).toEqual(["full", "crop"]);
});

test("the same alarm again is not stored twice, but new pictures of it are", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const add = (pictures: (typeof full | typeof crop)[], cameraId = "gate") =>
    buffer.add(aSighting({ source: "uuid:1", pictures, cameraId }));
  expect((await add([full])).kind).toBe("stored");
  expect((await add([full])).kind).toBe("repeat");
  expect((await add([])).kind).toBe("repeat");
  expect((await add([crop])).kind).toBe("stored");
  expect((await add([full], "exit")).kind).toBe("stored");
  expect(buffer.lastSeq()).toBe(3);
});

test("rows are due newest first, until they are acknowledged and nothing is missing", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  for (let count = 0; count < 3; count++) await buffer.add(aSighting({ pictures: [full, crop] }));
  expect(allDue(buffer).map(({ seq }) => seq)).toEqual([3, 2, 1]);
  expect(buffer.stats()).toMatchObject({ rows: 3, oldestAtMs: createFakeClock().nowMs(), damaged: 0 });
  acknowledge(buffer, ["full"]);
  expect(buffer.stats().rows).toBe(0);
  expect(allDue(buffer).map(({ seq, imagesDue }) => [seq, imagesDue.map(({ role }) => role)])).toEqual([
    [3, ["full"]],
    [2, ["full"]],
    [1, ["full"]],
  ]);
  expect(buffer.due(10, 0, "metadata")).toEqual([]);
  acknowledge(buffer);
  expect(allDue(buffer)).toEqual([]);
});

test("a row that has to wait is due at its time, and at once after a restart", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  {
    await using buffer = await openBuffer(folder.path, clock);
    await buffer.add(aSighting());
    buffer.settle([{ seq: 1, kind: "again", againAtMs: 5_000 }]);
    expect([buffer.due(10, 4_999, "metadata").length, buffer.nextDueAtMs()]).toEqual([0, 5_000]);
    expect([buffer.due(10, 5_000, "metadata").length, buffer.nextDueAtMs()]).toEqual([1, null]);
    buffer.settle([{ seq: 1, kind: "again", againAtMs: 900_000 }]);
  }
  await using buffer = await openBuffer(folder.path, clock);
  expect(buffer.due(10, 0, "metadata")).toMatchObject([{ seq: 1, tries: 2 }]);
});

/** Two rows, of which the first is altered in the file. */
const alterFirst = async (dataDir: string) => {
  {
    await using buffer = await openBuffer(dataDir, createFakeClock());
    await buffer.add(aSighting({ plate: "12-345-67" }));
    await buffer.add(aSighting());
  }
  const database = new Database(join(dataDir, "buffer.db"));
  database.exec("UPDATE detections SET payload = replace(payload, '12-345-67', '12-345-68') WHERE seq = 1");
  database.close();
};

test("a payload that was altered on the disk is written again from its sidecar before it is sent", async () => {
  await using folder = await temporaryFolder();
  await alterFirst(folder.path);
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const [, first] = allDue(buffer);
  expect(JSON.parse(first?.payload ?? "")).toMatchObject({ seq: 1, plate: { text: "12-345-67" } });
  expect(buffer.stats()).toMatchObject({ rows: 2, damaged: 0 });
});

test("a payload that was altered on the disk, with no sidecar left, is kept and counted, and never sent", async () => {
  await using folder = await temporaryFolder();
  await alterFirst(folder.path);
  await using buffer = await openBuffer(folder.path, createFakeClock());
  await rm(join(folder.path, "sidecars", String(buffer.epoch), "0", "1"));
  expect(allDue(buffer).map(({ seq }) => seq)).toEqual([2]);
  expect(buffer.stats()).toMatchObject({ rows: 2, damaged: 1 });
});

test("an image that was altered or removed on the disk is not read as the one that was stored", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  await buffer.add(aSighting({ pictures: [full, crop] }));
  const [fullImage, cropImage] = allDue(buffer)[0]?.imagesDue ?? [];
  if (!fullImage || !cropImage) throw new Error("two images are due");
  expect(await buffer.readImage(fullImage)).toEqual(full.bytes);
  for (const name of await imageFiles(folder.path)) {
    const path = join(folder.path, "images", name);
    if (name.includes(fullImage.sha256)) await writeFile(path, aJpeg("other"));
    else await rm(path);
  }
  expect([await buffer.readImage(fullImage), await buffer.readImage(cropImage)]).toEqual([null, null]);
  buffer.settle([{ seq: 1, kind: "image_lost", role: "full" }]);
  acknowledge(buffer, ["full"]);
  expect(allDue(buffer)).toEqual([]);
});

test("pruning takes rows with their images, but not an image that another row names", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  await using buffer = await openBuffer(folder.path, clock);
  await buffer.add(aSighting({ pictures: [full, crop] }));
  await buffer.add(aSighting({ pictures: [full] }));
  expect(await imageFiles(folder.path)).toHaveLength(2);
  expect(buffer.prunable(clock.nowMs(), 0, 10)).toEqual([]);
  acknowledge(buffer);
  expect(buffer.prunable(clock.nowMs() - 1, 0, 10)).toEqual([]);
  expect(buffer.prunable(clock.nowMs(), 0, 10).map(({ seq }) => seq)).toEqual([1, 2]);
  buffer.prune([1]);
  expect((await imageFiles(folder.path)).map((name) => name.slice(3, -7))).toEqual([sha256Of(full.bytes)]);
  buffer.prune([2]);
  expect(await imageFiles(folder.path)).toEqual([]);
  await buffer.add(aSighting());
  expect(buffer.lastSeq()).toBe(3);
});

test("a second process with the same folder is told so", async () => {
  await using folder = await temporaryFolder();
  await using buffer = await openBuffer(folder.path, createFakeClock());
  expect(buffer.lastSeq()).toBe(0);
  await expect(openBuffer(folder.path, createFakeClock())).rejects.toThrow(FatalError);
});

test("what an interrupted write left in the scratch folder is cleared away", async () => {
  await using folder = await temporaryFolder();
  await (await openBuffer(folder.path, createFakeClock()))[Symbol.asyncDispose]();
  await writeFile(join(folder.path, "images-scratch", "half"), "half a picture");
  await using buffer = await openBuffer(folder.path, createFakeClock());
  expect(buffer.lastSeq()).toBe(0);
  expect(await readdir(join(folder.path, "images-scratch"))).toEqual([]);
});

/** A process that adds as fast as it can and says each seq after `add` has returned. */
const ADDER = `
  const { openBuffer } = await import(process.argv[1]);
  const { createSystemClock } = await import(process.argv[2]);
  const buffer = await openBuffer(process.argv[3], createSystemClock());
  for (let n = 0; ; n++) {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(process.pid + " " + n), Buffer.alloc(20_000, n)]);
    const reading = { cameraId: "gate", capturedAt: new Date().toISOString(), plate: { text: "A" + n } };
    const added = await buffer.add({ reading, pictures: [{ role: "full", bytes }], source: process.pid + ":" + n });
    process.stdout.write(added.seq + "\\n");
  }
`;

test("after kill -9 at any moment everything that add returned is there, with its images, and numbering goes on", async () => {
  await using folder = await temporaryFolder();
  const urls = ["./buffer.ts", "./clock.ts"].map((path) => new URL(path, import.meta.url).href);
  const said: number[] = [];
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", ADDER, ...urls, folder.path], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    const lines = createInterface({ input: child.stdout });
    let count = 0;
    lines.on("line", (line) => {
      said.push(Number(line));
      if (++count === 5 + round * 7) child.kill("SIGKILL");
    });
    await Promise.all([once(child, "exit"), once(lines, "close")]);
  }
  await using buffer = await openBuffer(folder.path, createFakeClock());
  const rows = allDue(buffer);
  const held = new Set(rows.map(({ seq }) => seq));
  expect(said.length).toBeGreaterThan(20);
  expect(new Set(said).size).toBe(said.length);
  expect(said.filter((seq) => !held.has(seq))).toEqual([]);
  for (const { imagesDue } of rows) {
    for (const image of imagesDue) expect((await buffer.readImage(image))?.length).toBe(image.bytes);
  }
});

test("images of pruned rows are gone at the next start when the process was killed before it removed them", async () => {
  await using folder = await temporaryFolder();
  const clock = createFakeClock();
  const bytes = [aJpeg("pruned"), aJpeg("kept")] as const;
  {
    await using buffer = await openBuffer(folder.path, clock);
    for (const each of bytes) await buffer.add(aSighting({ pictures: [{ role: "crop", bytes: each }] }));
  }
  // As the transaction of a prune leaves it: the row is gone, and what is to go is noted.
  const database = new Database(join(folder.path, "buffer.db"));
  database.exec("DELETE FROM images WHERE seq = 1; DELETE FROM detections WHERE seq = 1");
  const going = JSON.stringify(bytes.map(sha256Of));
  database.prepare("INSERT INTO meta VALUES ('goingImages', ?)").run(going);
  database.close();
  await using buffer = await openBuffer(folder.path, clock);
  const files = (await readdir(join(folder.path, "images"), { recursive: true })).filter((name) =>
    name.endsWith(".sealed"),
  );
  expect(files).toEqual([expect.stringContaining(sha256Of(bytes[1]))]);
  expect(buffer.stats().rows).toBe(1);
});
