/**
 * What central does by itself from time to time: partitions ahead, expired sessions away, looks that stand out to review,
 * the health of collectors, and whether the database is still the one that it was.
 * Rule: each task is harmless to repeat and to run in several processes.
 */
import { ensurePartitionsAhead } from "@chaverim/db/migrate";
import { runDetectors } from "../audit/detectors.ts";
import { deleteOldAttempts } from "../auth/throttle.ts";
import type { Central } from "../central.ts";
import { noteMark } from "../collectors/central-mark.ts";
import { judgeHealth } from "../collectors/health.ts";
import type { Log } from "../log.ts";
import { deleteOldSessions } from "../sessions/rows.ts";

/** Partitions are made months ahead and expired sessions are refused anyway: six hours are often enough. */
const CLEAN_EVERY_MS = 6 * 3_600_000;
/** A look that stands out is told while people still remember why they looked. */
const DETECT_EVERY_MS = 60_000;
/** A collector is late after 90 s and offline after 180 s: neither is told more than half a minute late. */
const JUDGE_EVERY_MS = 30_000;
/** A backup that is older than this is found out by itself when it comes back. */
const MARK_EVERY_MS = 60_000;

/** Repeats a task; a turn that comes while the one before still runs is left out. Dispose ends the one that runs. */
const repeat = (task: (closing: AbortSignal) => Promise<void>, everyMs: number, log: Log): AsyncDisposable => {
  const closing = new AbortController();
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= task(closing.signal)
      .catch((error: unknown) => log.warn({ error }, "housekeeping failed and will be repeated"))
      .finally(() => (running = null));
  }, everyMs);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      closing.abort();
      await running;
    },
  };
};

/** Starts the tasks; dispose ends them. */
export const startHousekeeping = ({
  config,
  database: { sql },
  policy,
  log,
}: Pick<Central, "config" | "database" | "policy" | "log">): AsyncDisposable => {
  const started = new AsyncDisposableStack();
  const clean = async () => {
    await ensurePartitionsAhead(sql);
    await deleteOldSessions(sql);
    await deleteOldAttempts(sql);
  };
  const detect = async (closing: AbortSignal) =>
    runDetectors(sql, (await policy.current()).settings, new Date(), closing);
  const startedAtMs = Date.now();
  started.use(repeat(() => judgeHealth(sql, null, startedAtMs), JUDGE_EVERY_MS, log));
  started.use(repeat(() => noteMark(sql, config.dataDir, log), MARK_EVERY_MS, log));
  started.use(repeat(clean, CLEAN_EVERY_MS, log));
  started.use(repeat(detect, DETECT_EVERY_MS, log));
  return started;
};
