/** A folder as a camera, on a real file system. Rule: every dropped file ends in the buffer or in `rejected/`. */
import { mkdir, readFile, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCentralTime, createSystemClock } from "../clock.ts";
import { aJpeg, createTestLog, temporaryFolder, until } from "../testing.ts";
import type { Sighting } from "./camera.ts";
import { createFolderCamera } from "./folder.ts";

const openDrop = (path: string) => {
  const clock = createSystemClock();
  const { log, lines } = createTestLog();
  const camera = createFolderCamera({
    id: "drop",
    path,
    location: null,
    clock,
    central: createCentralTime(clock),
    log,
  });
  return { camera, lines };
};

const drop = (path: string, name: string, content: unknown) =>
  writeFile(join(path, `${name}.json`), typeof content === "string" ? content : JSON.stringify(content));

/** Makes a file look as if it had been written a minute ago. */
const age = async (path: string) => {
  const then = new Date(Date.now() - 60_000);
  await utimes(path, then, then);
};

const take = async (path: string, count: number): Promise<Sighting[]> => {
  const stop = new AbortController();
  const taken: Sighting[] = [];
  for await (const sighting of openDrop(path).camera.sightings(stop.signal)) {
    taken.push(sighting);
    if (taken.length === count) stop.abort();
  }
  return taken;
};

test("a dropped file becomes a sighting with its pictures, and is removed when the next one is asked for", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "a.full.jpg"), aJpeg("scene"));
  await writeFile(join(folder.path, "a.crop.jpg"), aJpeg("crop"));
  await drop(folder.path, "a", {
    capturedAt: "2026-03-01T21:15:00+02:00",
    plate: { text: "0123456", confidence: 0.93 },
    vehicle: { color: "white" },
    box: [10, 20, 110, 50],
    location: { lat: 31.8, lon: 35.2 },
    eventId: "7",
  });
  const [sighting] = await take(folder.path, 1);
  expect(sighting).toMatchObject({
    source: "event:7",
    reading: {
      cameraId: "drop",
      capturedAt: "2026-03-01T19:15:00.000Z",
      cameraTime: "2026-03-01T21:15:00+02:00",
      clock: { source: "file" },
      plate: { text: "0123456", confidence: 0.93 },
      vehicle: { color: "white" },
      box: [10, 20, 110, 50],
      location: { lat: 31.8, lon: 35.2 },
    },
    pictures: [
      { role: "full", bytes: aJpeg("scene") },
      { role: "crop", bytes: aJpeg("crop") },
    ],
  });
  expect(await readdir(folder.path)).toEqual([]);
});

test("files of before a restart come again until the buffer holds them, under the same name", async () => {
  await using folder = await temporaryFolder();
  await drop(folder.path, "a", { plate: { text: "A1" } });
  const sources: string[] = [];
  for await (const { source } of openDrop(folder.path).camera.sightings(new AbortController().signal)) {
    sources.push(source);
    break;
  }
  const [again] = await take(folder.path, 1);
  expect([again?.source]).toEqual(sources);
});

test("a file dropped while the camera watches is seen", async () => {
  await using folder = await temporaryFolder();
  const taking = take(folder.path, 2);
  await drop(folder.path, "a", { plate: { text: "A1" } });
  await drop(folder.path, "b", { plate: { text: null } });
  const plates = (await taking).map(({ reading }) => reading.plate.text);
  expect(plates).toEqual(["A1", null]);
});

test("a half-written file is waited for, and taken when it is whole", async () => {
  await using folder = await temporaryFolder();
  await drop(folder.path, "a", '{"plate": {"text": "A');
  const taking = take(folder.path, 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await drop(folder.path, "a", { plate: { text: "A1" } });
  expect((await taking)[0]?.reading.plate.text).toBe("A1");
});

test.for([
  ["is not JSON", "{"],
  ["is empty", ""],
  ["has no plate", {}],
  ["has a number for a plate", { plate: { text: 123456 } }],
  ["has a misspelt field", { plate: { text: "A1" }, captureAt: "2026-03-01T21:15:00Z" }],
  ["has a time without an offset", { plate: { text: "A1" }, capturedAt: "2026-03-01T21:15:00" }],
  ["has a time that does not exist", { plate: { text: "A1" }, capturedAt: "2026-99-01T21:15:00Z" }],
  ["has a confidence of 93", { plate: { text: "A1", confidence: 93 } }],
  ["has a line break in the plate", { plate: { text: "A\n1" } }],
  ["is a place on no globe", { plate: { text: "A1" }, location: { lat: 91, lon: 0 } }],
  ["has more than 256 KB", `{"plate":{"text":"A1"}}${" ".repeat(256 * 1024)}`],
] as const)(
  "a file that %s is rejected with its pictures beside a reason, and the next one is taken",
  async ([, content]) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "a.full.jpg"), aJpeg());
    await drop(folder.path, "a", content);
    await age(join(folder.path, "a.json"));
    await drop(folder.path, "b", { plate: { text: "B2" } });
    expect((await take(folder.path, 1))[0]?.reading.plate.text).toBe("B2");
    expect((await readdir(join(folder.path, "rejected"))).toSorted()).toEqual(["a.full.jpg", "a.json", "a.reason.txt"]);
    expect(await readFile(join(folder.path, "rejected", "a.reason.txt"), "utf8")).toMatch(/\w{3}/);
  },
);

test("a picture that is no JPEG rejects the file, and a second rejection of the same name overwrites nothing", async () => {
  await using folder = await temporaryFolder();
  for (const plate of ["A1", "A2"]) {
    await writeFile(join(folder.path, "a.crop.jpg"), `not a picture of ${plate}`);
    await drop(folder.path, "a", { plate: { text: plate } });
    await drop(folder.path, "b", { plate: { text: "B2" } });
    await take(folder.path, 1);
  }
  expect((await readdir(join(folder.path, "rejected"))).toSorted()).toEqual(
    ["a-2.crop.jpg", "a-2.json", "a-2.reason.txt", "a.crop.jpg", "a.json", "a.reason.txt"].toSorted(),
  );
});

test("folders, hidden files and other files are left alone", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "folder.json"));
  await writeFile(join(folder.path, ".hidden.json"), "{");
  await writeFile(join(folder.path, "notes.txt"), "{");
  await drop(folder.path, "b", { plate: { text: "B2" } });
  expect(await take(folder.path, 1)).toHaveLength(1);
  expect((await readdir(folder.path)).toSorted()).toEqual([".hidden.json", "folder.json", "notes.txt"]);
});

test("a folder that does not exist yet is made and watched", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "later");
  const { camera } = openDrop(path);
  const stop = new AbortController();
  const taken: Sighting[] = [];
  const taking = (async () => {
    for await (const sighting of camera.sightings(stop.signal)) taken.push(sighting);
  })();
  await until(() => camera.status().status === "online");
  await drop(path, "a", { plate: { text: "A1" } });
  await until(() => taken.length === 1);
  stop.abort();
  await taking;
  expect(taken[0]?.reading.plate.text).toBe("A1");
});
