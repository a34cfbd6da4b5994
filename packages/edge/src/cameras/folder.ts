/**
 * A camera that is a folder: any program drops `NAME.json` there, with `NAME.full.jpg` and `NAME.crop.jpg` beside it.
 * Rule: files are removed only when the buffer holds them, and what cannot be read is moved to `rejected/`, never lost.
 */
import { createHash } from "node:crypto";
import { statSync, watch, type FSWatcher } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { IMAGE_ROLES, type ImageRole } from "@chaverim/contracts";
import * as z from "zod";
import { arrivalNow, type CentralTime, type Clock } from "../clock.ts";
import { UnreadableError, codeOf, reasonOf } from "../failure.ts";
import type { Log } from "../log.ts";
import { createWaker } from "../waker.ts";
import { checkSighting, readZonedTime, type Camera, type CameraStatus, type Picture, type Sighting } from "./camera.ts";

/** What a dropped file says; unknown fields are an error, for they are mostly spelling mistakes. */
const dropSchema = z.strictObject({
  capturedAt: z.string().optional(),
  plate: z.strictObject({
    text: z.string().nullable(),
    confidence: z.number().nullish(),
    region: z.string().nullish(),
  }),
  vehicle: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).nullish(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullish(),
  location: z.object({ lat: z.number(), lon: z.number() }).nullish(),
  eventId: z.string().nullish(),
});

type FolderOptions = {
  id: string;
  path: string;
  location: { lat: number; lon: number } | null;
  clock: Clock;
  central: CentralTime;
  log: Log;
};

/** The system tells of new files at once; this look also finds them on network drives, which tell nothing. */
const RESCAN_MS = 2_000;
/** A file that does not parse may still be being written; older than this it will not get any better. */
const HALF_WRITTEN_MS = 2_000;
/** A drop file has a few hundred bytes. */
const DROP_BYTES_MAX = 256 * 1024;

const imageName = (name: string, role: ImageRole) => `${name}.${role}.jpg`;

const readPictures = async (path: string, name: string): Promise<Picture[]> => {
  const pictures: Picture[] = [];
  for (const role of IMAGE_ROLES) {
    try {
      pictures.push({ role, bytes: await readFile(join(path, imageName(name, role))) });
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
  return pictures;
};

/** Opens a folder as a camera; the folder and its `rejected/` are made when they are missing. */
export const createFolderCamera = (options: FolderOptions): Camera => {
  const { id, path, clock, central, log } = options;
  const rejectedFolder = join(path, "rejected");
  const waker = createWaker();
  /** Files that could be neither removed nor moved, by name: not looked at again until they change. */
  const stuck = new Map<string, number>();
  const status: CameraStatus = {
    status: "connecting",
    lastDetectionAt: null,
    clockOffsetMs: null,
    occupantPicturesDropped: 0,
  };

  /** Reads what was dropped under a name; null when it is still being written. Throws UnreadableError. */
  const readDrop = async (name: string, mtimeMs: number, size: number): Promise<Sighting | null> => {
    if (size > DROP_BYTES_MAX) throw new UnreadableError("The file has more than 256 KB.");
    const text = await readFile(join(path, `${name}.json`), "utf8");
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      if (clock.nowMs() - mtimeMs < HALF_WRITTEN_MS) return null;
      throw new UnreadableError(`Not JSON: ${reasonOf(error)}`, { cause: error });
    }
    const drop = dropSchema.safeParse(json);
    if (!drop.success) throw new UnreadableError(z.prettifyError(drop.error));
    const { capturedAt = null, plate, vehicle, box, location, eventId } = drop.data;
    const claimedMs = readZonedTime(capturedAt);
    if (capturedAt !== null && claimedMs === null) {
      throw new UnreadableError("capturedAt is not a time with its offset, such as 2026-03-01T21:15:00+02:00.");
    }
    const { atMs, clock: arrivalClock } = central.timeOf(arrivalNow(clock));
    return checkSighting({
      reading: {
        cameraId: id,
        capturedAt: new Date(claimedMs ?? atMs).toISOString(),
        cameraTime: capturedAt,
        clock: claimedMs === null ? arrivalClock : { ...arrivalClock, source: "file", offsetMs: null },
        plate: { ...plate, text: plate.text?.trim() ? plate.text : null },
        vehicle,
        box,
        location: location ?? options.location,
        vendor: { name: "folder", eventId, raw: createHash("sha256").update(text).digest("hex") },
      },
      pictures: await readPictures(path, name),
      // A name may be used again later; the time of writing tells the two apart.
      source: eventId ? `event:${eventId}` : `file:${name}@${mtimeMs}`,
    });
  };

  const reject = async (name: string, reason: string) => {
    await mkdir(rejectedFolder, { recursive: true });
    const taken = new Set(await readdir(rejectedFolder));
    let target = name;
    for (let count = 2; taken.has(`${target}.reason.txt`); count++) target = `${name}-${count}`;
    await writeFile(join(rejectedFolder, `${target}.reason.txt`), `${reason}\n`);
    for (const [from, to] of [
      [`${name}.json`, `${target}.json`],
      ...IMAGE_ROLES.map((role) => [imageName(name, role), imageName(target, role)] as const),
    ] as const) {
      await rename(join(path, from), join(rejectedFolder, to)).catch((error: unknown) => {
        if (codeOf(error) !== "ENOENT") throw error;
      });
    }
    log.warn({ camera: id, file: `${name}.json`, reason }, "a dropped file was rejected");
  };

  /** Pictures first: if the power fails in between, the JSON is read again and recognised as stored. */
  const remove = async (name: string) => {
    for (const role of IMAGE_ROLES) await rm(join(path, imageName(name, role)), { force: true });
    await rm(join(path, `${name}.json`), { force: true });
  };

  async function* settle(name: string): AsyncGenerator<Sighting> {
    const file = statSync(join(path, `${name}.json`), { throwIfNoEntry: false });
    if (!file?.isFile() || stuck.get(name) === file.mtimeMs) return;
    try {
      const sighting = await readDrop(name, file.mtimeMs, file.size).catch(async (error: unknown) => {
        if (!(error instanceof UnreadableError)) throw error;
        await reject(name, error.message);
        return null;
      });
      if (!sighting) return;
      status.lastDetectionAt = sighting.reading.capturedAt;
      yield sighting;
      await remove(name);
    } catch (error) {
      stuck.set(name, file.mtimeMs);
      log.error({ camera: id, file: `${name}.json`, reason: reasonOf(error) }, "a dropped file could not be taken");
    }
  }

  const scan = async (): Promise<string[]> => {
    await mkdir(path, { recursive: true });
    const entries = await readdir(path, { withFileTypes: true });
    status.status = "online";
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json") && !entry.name.startsWith("."))
      .map((entry) => basename(entry.name, ".json"))
      .toSorted();
  };

  const watchFolder = (): FSWatcher => {
    const watcher = watch(path, () => waker.wake());
    watcher.on("error", (error) => {
      log.warn({ camera: id, reason: reasonOf(error) }, "new files are found only by looking every 2 s");
    });
    return watcher;
  };

  return {
    id,
    status: () => ({ ...status }),
    async *sightings(signal) {
      let watcher: FSWatcher | null = null;
      try {
        await scan();
        watcher = watchFolder();
        while (!signal.aborted) {
          for (const name of await scan()) {
            if (signal.aborted) return;
            yield* settle(name);
          }
          await waker.wait(RESCAN_MS, signal);
        }
      } catch (error) {
        status.status = "error";
        throw error;
      } finally {
        watcher?.close();
      }
    },
  };
};
