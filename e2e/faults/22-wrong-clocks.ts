/**
 * Clocks that are an hour slow, a day fast, in 1970, at the end of summer time; of collectors and of central, also while they run.
 * Rule: the order of a collector's detections is kept, central's time corrects them, no session comes back to life, and no row
 * is forgotten early.
 */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signIn } from "../support/central.ts";
import { dropDetection } from "../support/collector.ts";
import { FAKETIME, type Experiment } from "./experiment.ts";
import type { Stand, Station } from "./stand.ts";

const CLOCKS = ["-1h", "+1d", "@1970-01-01 00:00:10", "@2026-10-25 00:59:55", "+9d", "+0"] as const;
/** Heartbeats come every second; after three the collector knows what time it is at central. */
const KNOWN_AFTER_MS = 3500;
/** A second of the Date header, two below which an offset is ignored, and a busy machine. */
const TIME_ERROR_MS = 8000;

let centralClock: string;

const preload = (file: string): Record<string, string> => ({
  LD_PRELOAD: FAKETIME ?? "",
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: "1",
  FAKETIME_DONT_FAKE_MONOTONIC: "1",
  // In which the clocks go back on the last Sunday of October.
  TZ: "Europe/London",
});

/** A session that has ended stays ended when the clock goes back. */
const expectSessionsStayEnded = async (stand: Stand): Promise<void> => {
  const person = await signIn(stand.url, stand.account);
  const isSignedIn = () =>
    person.call("auth.me").then(
      () => true,
      () => false,
    );
  stand.expect(await isSignedIn(), "a new session is not taken");
  for (const clock of ["+40d", "+0", "-1h", "+0"]) {
    stand.fault(`central's clock at ${clock}`);
    writeFileSync(centralClock, clock);
    const isIn = await isSignedIn();
    stand.expect(!isIn, `with central's clock at ${clock} an ended session is taken`);
  }
};

const dropUntimed = async (stand: Stand, station: Station, count: number): Promise<string[]> => {
  const plates: string[] = [];
  for (let dropped = 0; dropped < count; dropped++) {
    const { plate, pictures } = stand.next(station.name, false);
    await dropDetection(station.site, plate, { plate, pictures });
    plates.push(plate);
  }
  return plates;
};

/** In the order of the collector's own numbers, and not far from when they were dropped. */
const expectOrderAndTime = async (stand: Stand, station: Station, timed: ReadonlySet<string>): Promise<void> => {
  const rows = await stand.sql<{ plate: string; at: Date }[]>`
    select p.plate, d.detected_at as at from evidence_payloads p join detections d on d.id = p.id
    where p.collector_id = ${station.collectorId} order by p.seq`;
  const ours = stand.history.generated.filter(({ station: name }) => name === station.name);
  const isInOrder = rows.every(({ plate }, place) => plate === ours[place]?.plate);
  stand.expect(isInOrder, `the detections of ${station.name} are not in their order`);
  const droppedAt = new Map(ours.map((generated) => [generated.plate, generated.droppedAt]));
  const off = rows.filter(
    ({ plate, at }) => timed.has(plate) && Math.abs(at.getTime() - (droppedAt.get(plate) ?? 0)) > TIME_ERROR_MS,
  );
  stand.expect(
    off.length === 0,
    `${off.length} detections of ${station.name} have a wrong time, such as ${off[0]?.plate}`,
  );
};

export const wrongClocks: Experiment = {
  id: 22,
  title: "clocks -1 h, +1 d, 1970, DST; also central's",
  needs: ["faketime"],
  waits: true,
  quick: { detections: 240, rounds: 1, seconds: 0 },
  full: { detections: 3000, rounds: 4, seconds: 0 },
  places: (folder) => {
    centralClock = join(folder, "central-clock");
    writeFileSync(centralClock, "+0");
    return { environment: preload(centralClock), release: () => undefined };
  },
  run: async (stand, { detections, rounds }) => {
    await expectSessionsStayEnded(stand);
    const file = join(dirname(centralClock), "collector-clock");
    const timed = new Set<string>();
    const [stepping, restarting] = stand.stations;
    const count = Math.ceil(detections / rounds / CLOCKS.length / 4);
    for (const station of stand.stations) await station.stop();
    await stepping.start(preload(file));
    for (let round = 0; round < rounds; round++) {
      for (const clock of CLOCKS) {
        stand.fault(`collectors' clocks at ${clock}`);
        writeFileSync(file, clock);
        await restarting.start(preload(file));
        for (const station of stand.stations) await dropUntimed(stand, station, count);
        await sleep(KNOWN_AFTER_MS);
        for (const station of stand.stations)
          for (const plate of await dropUntimed(stand, station, count)) timed.add(plate);
        await sleep(1000);
        await restarting.stop();
      }
    }
    await restarting.start();
    stand.fault("central's clock an hour back during ingest");
    writeFileSync(centralClock, "-1h");
    await stand.feed(20);
    stand.expect(await stand.settled(), "with central's clock an hour back something waits");
    writeFileSync(centralClock, "+0");
    for (const station of stand.stations) await expectOrderAndTime(stand, station, timed);
  },
};
