/**
 * Looks that fail, looks that go on for hours, and looks at images: their entries in the access log.
 * Rule: a live stream has its entry before the first row, and one for each ten minutes or thousand rows of what it showed.
 */
import type { IncomingMessage } from "node:http";
import type { Central } from "../central.ts";
import type { AppError } from "../failure.ts";
import { countSubscription } from "../notify/subscriptions.ts";
import { type LogEntry, appendEntry } from "./append.ts";

/** What is known before the answer. */
export type LookBegun = Omit<LogEntry, "outcome" | "failure" | "shown">;

/** Refusals before anything was done that say nothing about the person: whoever is too fast could fill the log with them. */
const NOT_WRITTEN: ReadonlySet<AppError["code"]> = new Set(["signed_out", "too_many", "shutting_down"]);
/** Refusals by role or policy; every other failure is an error. */
const DENIALS: ReadonlySet<AppError["code"]> = new Set([
  "forbidden",
  "step_up_needed",
  "purpose_needed",
  "training_needed",
  "budget_spent",
]);

/** Writes down that what has its entry `ok` failed, whatever the failure: else the log would say that it was done. */
export const appendFailure = (central: Central, begun: LookBegun, failure: AppError): Promise<void> =>
  appendEntry(central, { ...begun, outcome: DENIALS.has(failure.code) ? "denied" : "error", failure: failure.code });

/** Writes down that somebody was refused, or that a look failed. */
export const appendRefusal = async (central: Central, look: LookBegun, refusal: AppError): Promise<void> => {
  if (!NOT_WRITTEN.has(refusal.code)) await appendFailure(central, look, refusal);
};

/** Says whether an answer is a stream rather than a value. */
export const isStream = (answer: unknown): answer is AsyncIterable<unknown> =>
  typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;

const FLUSH_ROWS = 1000;
const FLUSH_MS = 10 * 60_000;

/**
 * Passes a stream on and writes down that it began and what it showed.
 * @param shown filled by whoever makes the stream, before each item leaves; emptied here, once it is written down
 * @param upgrade the request of its socket, which carries so many streams and no more
 * @throws AppError too_many | db_unavailable
 */
export const logStream = async function* (
  central: Central,
  look: LookBegun,
  stream: AsyncIterable<unknown>,
  shown: string[],
  upgrade: IncomingMessage,
): AsyncGenerator {
  using _counted = countSubscription(upgrade);
  await appendEntry(central, { ...look, outcome: "ok" });
  let dueMs = performance.now() + FLUSH_MS;
  const flush = async () => {
    if (shown.length > 0) await appendEntry(central, { ...look, outcome: "ok", shown });
    shown.length = 0;
    dueMs = performance.now() + FLUSH_MS;
  };
  try {
    for await (const item of stream) {
      if (shown.length >= FLUSH_ROWS || performance.now() > dueMs) await flush();
      yield item;
    }
  } finally {
    // At the end nobody waits for the answer any more; what could not be written is told to the operator.
    await flush().catch((error: unknown) => central.log.error({ error, user_id: look.who?.user.id }, "access log"));
  }
};
