/**
 * Work that must happen because a transaction committed: an outbox table, taken with SKIP LOCKED inside the worker's own
 * transaction. Rule: a killed worker delays nothing, a failing job is retried for ever and never dropped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database, Transaction } from "@chaverim/db/open";
import { isDatabaseAway } from "./failure.ts";
import type { Log } from "./log.ts";

const OUTBOX_CHANNEL = "outbox";
/** When a NOTIFY is lost with its connection, the job waits no longer than this. */
const POLL_MS = 1000;
/** Jobs taken in one transaction: one commit for a burst, and little to repeat after a crash. */
const TAKE = 20;
/** Seconds until a failed job is tried again: 1, 2, 4 … and at most 5 minutes. */
const RETRY_CAP_SECONDS = 300;

export type OutboxHandler = (
  transaction: Transaction,
  payloads: readonly unknown[],
) => Promise<(() => void) | undefined>;

export type OutboxWorker = AsyncDisposable;

/** Adds a job, to run when the transaction commits. */
export const enqueue = async (transaction: Transaction, topic: string, payload: unknown): Promise<void> => {
  await transaction`insert into outbox (topic, payload) values (${topic}, ${JSON.stringify(payload)}::text::jsonb)`;
  await transaction`select pg_notify(${OUTBOX_CHANNEL}, ${topic})`;
};

type Job = { id: string; payload: unknown };

/**
 * Runs the jobs of one topic, in the order in which they were added.
 * @param handler does the work in the worker's transaction; what it returns runs after the commit
 */
export const openOutboxWorker = async (
  { sql }: Database,
  topic: string,
  handler: OutboxHandler,
  log: Log,
): Promise<OutboxWorker> => {
  const stopping = new AbortController();
  let wake: () => void = () => undefined;
  const take = (limit: number): Promise<number> =>
    sql
      .begin(async (transaction) => {
        const jobs = await transaction<
          Job[]
        >`select id, payload from outbox where topic = ${topic} and run_after <= now()
          order by id limit ${limit} for update skip locked`;
        if (jobs.length === 0) return { count: 0, after: undefined };
        const after = await handler(
          transaction,
          jobs.map(({ payload }) => payload),
        );
        await transaction`delete from outbox where id in ${transaction(jobs.map(({ id }) => id))}`;
        return { count: jobs.length, after };
      })
      .then(({ count, after }) => {
        after?.();
        return count;
      });
  /** One job at a time after a failure, so that one that cannot be done holds up no other. */
  const takeOne = async (): Promise<void> => {
    try {
      await take(1);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      log.error({ topic, error }, "a job failed and will be tried again");
      await sql`update outbox set attempts = attempts + 1, last_error = ${String(error)},
        run_after = now() + make_interval(secs => least(${RETRY_CAP_SECONDS}, power(2, least(attempts, 10))))
        where id = (select id from outbox where topic = ${topic} and run_after <= now() order by id limit 1)`;
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const done = await take(TAKE).catch(async (error: unknown) => {
          if (isDatabaseAway(error)) throw error;
          await takeOne();
          return TAKE;
        });
        if (done < TAKE) await Promise.race([woken, sleep(POLL_MS, undefined, { signal: stopping.signal })]);
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.warn({ topic, error }, "jobs wait: the database does not answer");
        await sleep(POLL_MS);
      }
    }
  };
  const listening = await sql.listen(
    OUTBOX_CHANNEL,
    () => wake(),
    () => wake(),
  );
  const running = run();
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      wake();
      await running;
      await listening.unlisten();
    },
  };
};
