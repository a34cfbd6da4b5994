/**
 * Bytes of a collector's database change at random places, or its write-ahead log ends early.
 * Rule: it captures again within 5 seconds, and every row that has its file beside it arrives as it was.
 */
import { closeSync, existsSync, fstatSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { countWaiting } from "../support/collector.ts";
import { until } from "../support/processes.ts";
import { between } from "../support/random.ts";
import { share } from "./acts.ts";
import type { Experiment } from "./experiment.ts";
import type { Stand, Station } from "./stand.ts";

const CAPTURES_AGAIN_MS = 5000;
/** On a machine where an undamaged start takes long, a damaged one may take so many times that. */
const PLAIN_STARTS = 4;
/** As one bad sector does it. */
const SECTOR = 512;

const overwrite = (stand: Stand, path: string): void => {
  const file = openSync(path, "r+");
  const at = between(stand.random, 0, Math.max(0, fstatSync(file).size - SECTOR));
  const bytes = Buffer.from(Array.from({ length: SECTOR }, () => between(stand.random, 0, 255)));
  writeSync(file, bytes, 0, SECTOR, at);
  closeSync(file);
  stand.fault(`512 bytes of ${path.split("/").at(-1)} overwritten at ${at}`);
};

const corrupt = (stand: Stand, station: Station, round: number): void => {
  const database = join(station.site.buffer, "buffer.db");
  const wal = `${database}-wal`;
  const hasWal = existsSync(wal) && statSync(wal).size > 0;
  if (hasWal && round % 4 === 3) {
    const length = between(stand.random, 0, statSync(wal).size - 1);
    truncateSync(wal, length);
    stand.fault(`write-ahead log cut to ${length} bytes`);
  } else overwrite(stand, hasWal && round % 4 === 1 ? wal : database);
};

export const bufferCorrupted: Experiment = {
  id: 15,
  title: "SQLite overwritten and cut at random offsets",
  needs: [],
  quick: { detections: 400, rounds: 4, seconds: 0 },
  full: { detections: 8000, rounds: 100, seconds: 0 },
  long: { detections: 16_000, rounds: 200, seconds: 0 },
  run: async (stand, size) => {
    const [station] = stand.stations;
    const isCaptured = () => countWaiting(station.site) === 0;
    const startAgain = async (): Promise<number> => {
      const startedAt = performance.now();
      await station.start();
      await stand.feed(2);
      await until("it captures again", isCaptured, { everyMs: 10 });
      return performance.now() - startedAt;
    };
    await station.stop();
    const limitMs = Math.max(CAPTURES_AGAIN_MS, PLAIN_STARTS * (await startAgain()));
    for (let round = 0; round < size.rounds; round++) {
      station.proxy.set({ down: true });
      station.proxy.resetAll();
      await stand.feed(share(size));
      await until("everything is captured", isCaptured, { withinMs: 60_000 });
      stand.fault(`kill -9 collector ${station.name}`);
      await station.kill();
      corrupt(stand, station, round);
      const ms = await startAgain();
      stand.expect(ms < limitMs, `it captured again after ${Math.round(ms)} ms`);
      station.proxy.set();
      stand.expect(await stand.settled(60_000), `after round ${round} something is missing`);
    }
  },
};
