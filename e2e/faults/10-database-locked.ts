/**
 * Somebody holds a lock on the table that every batch writes, until central's pool is used up.
 * Rule: as with a frozen database: health at once, 503 within 6 seconds, nothing lost.
 */
import type { Experiment } from "./experiment.ts";
import { whileDatabaseHangs } from "./hanging-database.ts";
import type { Stand } from "./stand.ts";

/** Takes the lock; returns what gives it back. */
const lockTable = async (stand: Stand): Promise<() => Promise<void>> => {
  const connection = await stand.sql.reserve();
  await connection`begin`;
  await connection`lock table evidence_payloads in access exclusive mode`;
  return async () => {
    await connection`rollback`;
    connection.release();
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
