/**
 * Somebody holds a lock on the table that every batch writes, until central's pool is used up.
 * Rule: as with a frozen database: health at once, 503 within 6 seconds, nothing lost.
 */
import postgres from "postgres";
import type { Experiment } from "./experiment.ts";
import { whileDatabaseHangs } from "./hanging-database.ts";
import type { Stand } from "./stand.ts";

/** Takes the lock; returns what gives it back. */
const lockTable = async (stand: Stand): Promise<() => Promise<void>> => {
  // Of its own: one that was borrowed from those of the stand might be closed as idle just then.
  const connection = postgres(stand.cluster.url, { max: 1, fetch_types: false });
  await connection`begin`;
  await connection`lock table evidence_payloads in access exclusive mode`;
  return async () => {
    await connection`rollback`;
    await connection.end({ timeout: 1 });
  };
};

export const databaseLocked: Experiment = {
  id: 10,
  title: "table locked, pool used up",
  needs: [],
  waits: true,
  quick: { detections: 400, rounds: 1, seconds: 10 },
  full: { detections: 6000, rounds: 6, seconds: 30 },
  run: async (stand, { detections, rounds, seconds }) => {
    for (let round = 0; round < rounds; round++) {
      const size = { what: "evidence_payloads locked", detections: detections / rounds, seconds };
      await whileDatabaseHangs(stand, size, () => lockTable(stand));
    }
  },
};
