/**
 * A collector's disk fills up while there is no line, and is freed again.
 * Rule: every reading is kept; pictures are given up scenes first, and central is told of exactly as many as are missing.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countWaiting } from "../support/collector.ts";
import { until } from "../support/processes.ts";
import { type Volume, openVolume } from "../support/volume.ts";
import type { Experiment } from "./experiment.ts";
import type { Stand, Station } from "./stand.ts";

const MEGABYTES = 64;
/** As much as a few hundred rows need, and no picture. */
const LEFT_BYTES = 1024 * 1024;
let disk: Volume;

const countAtCentral = async (stand: Stand): Promise<number> => {
  const [row] = await stand.sql<{ count: number }[]>`select count(*)::int as count from detections`;
  return row?.count ?? 0;
};

type Lost = { plate: string; role: "full" | "crop"; sha256: string };

const findLost = async (stand: Stand, station: Station): Promise<Lost[]> => {
  const held = await stand.sql<{ sha256: string }[]>`select encode(sha256, 'hex') as sha256 from evidence_images`;
  const isHeld = new Set(held.map(({ sha256 }) => sha256));
  return stand.history.generated
    .filter(({ station: name }) => name === station.name)
    .flatMap(({ plate, pictures }) => pictures.map(({ role, sha256 }) => ({ plate, role, sha256 })))
    .filter(({ sha256 }) => !isHeld.has(sha256));
};

/** Pictures that were given up before central had them, as the collector says in its heartbeat. */
const readTold = async (stand: Stand, station: Station): Promise<number> => {
  type Told = { kind: string; images: number }[];
  const [row] = await stand.sql<{ told: Told | null }[]>`
    select heartbeat -> 'sacrificed' as told from collectors where id = ${station.collectorId}`;
  const unsent = (row?.told ?? []).filter(({ kind }) => kind !== "acknowledged_images");
  return unsent.reduce((sum, { images }) => sum + images, 0);
};

export const collectorDiskFull: Experiment = {
  id: 14,
  title: "disk of a collector full, then freed",
  needs: ["root"],
  quick: { detections: 900, rounds: 1, seconds: 0 },
  // Rows are never given up: more of them than the pictures made room for would end the capture, as they should.
  full: { detections: 1500, rounds: 1, seconds: 0 },
  places: (folder) => {
    disk = openVolume(folder, "north", "tmpfs", MEGABYTES);
    return { buffers: [join(disk.path, "buffer"), join(folder, "south")], release: () => disk.unmount() };
  },
  run: async (stand, { detections }) => {
    const [station] = stand.stations;
    station.proxy.set({ down: true });
    station.proxy.resetAll();
    await stand.feed(Math.floor(detections / 3));
    await until("everything is captured", () => countWaiting(station.site) === 0, { withinMs: 120_000 });
    stand.fault("the collector's disk is full");
    disk.fill(LEFT_BYTES);
    await stand.feed(Math.floor(detections / 3));
    await until("everything is captured on a full disk", () => countWaiting(station.site) === 0, {
      withinMs: 120_000,
    }).catch(() => stand.expect(false, "a full disk stopped the capture"));
    disk.free();
    station.proxy.set();
    await stand.feed(Math.floor(detections / 3));
    const { generated, given } = stand.history;
    await until("every reading is at central", async () => (await countAtCentral(stand)) === generated.length, {
      withinMs: 150_000,
      everyMs: 500,
    });
    // Pictures follow their readings, and a heartbeat comes every second.
    let lost = await findLost(stand, station);
    for (let calm = 0; calm < 5; calm++) {
      await sleep(1000);
      const now = await findLost(stand, station);
      if (now.length !== lost.length) calm = 0;
      lost = now;
    }
    for (const { sha256 } of lost) given.add(sha256);
    stand.expect(lost.length > 0, "the disk was never too full for a picture");
    const told = await readTold(stand, station);
    stand.expect(told === lost.length, `${lost.length} pictures were given up, and ${told} were told of`);
    // Crops go last: when one has gone, so have the scenes from before it.
    const lastCrop = lost.findLast(({ role }) => role === "crop");
    const lostScenes = new Set(lost.filter(({ role }) => role === "full").map(({ plate }) => plate));
    stand.expect(!lastCrop || lostScenes.has(lastCrop.plate), "a crop was given up before its scene");
  },
};
