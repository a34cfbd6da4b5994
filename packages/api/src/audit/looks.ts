/**
 * Looks that fail, looks that go on for hours, and looks at images: their entries in the access log.
 * Rule: a live stream has its entry before the first row, and one for each ten minutes or thousand rows of what it showed.
 */
import type { Central } from "../central.ts";
import type { AppError } from "../failure.ts";
import { type LogEntry, appendEntry } from "./append.ts";

/** What is known before the answer. */
export type LookBegun = Omit<LogEntry, "outcome" | "failure" | "shown">;

/** Refusals that say nothing about the person: whoever is signed out or too fast could fill the log with them. */
const NOT_WRITTEN: ReadonlySet<AppError["code"]> = new Set(["signed_out", "too_many", "shutting_down"]);
/** Refusals by role or policy; every other failure is an error. */
const DENIALS: ReadonlySet<AppError["code"]> = new Set([
  "forbidden",
  "step_up_needed",
  "purpose_needed",
  "training_needed",
  "budget_spent",
]);

/** Writes down that somebody was refused, or that it failed. */
export const appendRefusal = async (central: Central, look: LookBegun, refusal: AppError): Promise<void> => {
  if (NOT_WRITTEN.has(refusal.code)) return;
  await appendEntry(central, {
    ...look,
    outcome: DENIALS.has(refusal.code) ? "denied" : "error",
    failure: refusal.code,
  });
};

/** Says whether an answer is a stream rather than a value. */
export const isStream = (answer: unknown): answer is AsyncIterable<unknown> =>
  typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;

const FLUSH_ROWS = 1000;
const FLUSH_MS = 10 * 60_000;

/**
 * Passes a stream on and writes down what it showed.
 * @param shown filled by whoever makes the stream, before each item leaves; emptied here
 */
export const logStream = async function* (
  central: Central,
  look: LookBegun,
  stream: AsyncIterable<unknown>,
  shown: string[],
): AsyncGenerator {
  let dueMs = performance.now() + FLUSH_MS;
  const flush = async () => {
    if (shown.length > 0) await appendEntry(central, { ...look, outcome: "ok", shown: shown.splice(0) });
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
