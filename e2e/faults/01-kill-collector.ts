/**
 * kill -9 of a collector while it captures and uploads.
 * Rule: what left the drop folder, and what central holds, is in the buffer after each kill.
 */
import { share, someTime } from "./acts.ts";
import { expectNothingGone } from "./buffers.ts";
import type { Experiment } from "./experiment.ts";

export const killCollector: Experiment = {
  id: 1,
  title: "kill -9 of a collector during capture and upload",
  needs: [],
  quick: { detections: 800, rounds: 6, seconds: 0 },
  full: { detections: 24_000, rounds: 160, seconds: 0 },
  long: { detections: 30_000, rounds: 200, seconds: 0 },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const station = stand.stations[round % 2 === 0 ? 0 : 1];
      const kill = async () => {
        await someTime(stand, 900);
        stand.fault(`kill -9 collector ${station.name}`);
        await station.kill();
      };
      await Promise.all([stand.feed(share(size)), kill()]);
      await expectNothingGone(stand, station);
      await station.start();
    }
  },
};
