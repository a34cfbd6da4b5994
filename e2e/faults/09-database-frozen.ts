/**
 * PostgreSQL freezes: it takes connections and bytes, and answers nothing.
 * Rule: /healthz answers within 200 ms all the while, and a batch is refused with 503 within 6 seconds.
 */
import type { Experiment } from "./experiment.ts";
import { whileDatabaseHangs } from "./hanging-database.ts";

export const databaseFrozen: Experiment = {
  id: 9,
  title: "PostgreSQL frozen (SIGSTOP)",
  needs: [],
  waits: true,
  quick: { detections: 400, rounds: 1, seconds: 10 },
  full: { detections: 8000, rounds: 4, seconds: 60 },
  run: async (stand, { detections, rounds, seconds }) => {
    for (let round = 0; round < rounds; round++) {
      await whileDatabaseHangs(stand, { what: "PostgreSQL frozen", detections: detections / rounds, seconds }, () => {
        stand.cluster.signal("SIGSTOP");
        return async () => stand.cluster.signal("SIGCONT");
      });
    }
  },
};
