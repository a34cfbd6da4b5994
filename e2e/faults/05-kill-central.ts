/**
 * kill -9 of central while it takes batches.
 * Rule: no receipt without a row, which the checker looks for in every buffer.
 */
import { killAndStartCentral, share, someTime } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

export const killCentral: Experiment = {
  id: 5,
  title: "kill -9 of central during ingest",
  needs: [],
  quick: { detections: 600, rounds: 4, seconds: 0 },
  full: { detections: 18_000, rounds: 100, seconds: 0 },
  long: { detections: 36_000, rounds: 200, seconds: 0 },
  run: async (stand, size) => {
    for (let round = 0; round < size.rounds; round++) {
      const kill = async () => {
        await someTime(stand, 1500);
        await killAndStartCentral(stand);
      };
      await Promise.all([stand.feed(share(size)), kill()]);
    }
  },
};
