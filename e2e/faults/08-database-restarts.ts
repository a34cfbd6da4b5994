/**
 * PostgreSQL is stopped as if its machine had lost power, and started again, every few seconds.
 * Rule: batches are answered with 200 or 503 and nothing else, and everything is there a minute after the last stop.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expectStatuses } from "./acts.ts";
import type { Experiment } from "./experiment.ts";

const DRAIN_MS = 60_000;

export const databaseRestarts: Experiment = {
  id: 8,
  title: "PostgreSQL stopped immediately and started again",
  needs: [],
  waits: true,
  quick: { detections: 800, rounds: 4, seconds: 2 },
  full: { detections: 18_000, rounds: 40, seconds: 5 },
  long: { detections: 30_000, rounds: 60, seconds: 5 },
  run: async (stand, { detections, rounds, seconds }) => {
    const restart = async () => {
      for (let round = 0; round < rounds; round++) {
        await sleep(seconds * 1000);
        stand.fault("PostgreSQL stopped immediately");
        await stand.cluster.stop("immediate");
        await sleep(seconds * 200);
        await stand.cluster.start();
      }
    };
    await Promise.all([stand.feed(detections, detections / (rounds * seconds)), restart()]);
    stand.expect(await stand.settled(DRAIN_MS), "not everything was at central a minute after the last stop");
    expectStatuses(stand, [200, 503]);
  },
};
