/**
 * What central does by itself from time to time: partitions ahead, expired sessions away.
 * Rule: each task is harmless to repeat and to run in several processes.
 */
import { ensurePartitionsAhead } from "@chaverim/db/migrate";
import type { Database } from "@chaverim/db/open";
import { deleteOldAttempts } from "../auth/throttle.ts";
import type { Log } from "../log.ts";
import { deleteOldSessions } from "../sessions/rows.ts";

/** Partitions are made months ahead and expired sessions are refused anyway: six hours are often enough. */
const EVERY_MS = 6 * 3_600_000;

/** Starts the tasks; dispose ends them. */
export const startHousekeeping = ({ sql }: Database, log: Log): AsyncDisposable => {
  const run = async () => {
    await ensurePartitionsAhead(sql);
    await deleteOldSessions(sql);
    await deleteOldAttempts(sql);
  };
  const timer = setInterval(
    () => void run().catch((error: unknown) => log.warn({ error }, "housekeeping failed and will be repeated")),
    EVERY_MS,
  );
  return {
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
};
