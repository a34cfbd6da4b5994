/**
 * Questions whose price depends on what people type: with an end, and given up at the database when nobody waits any more.
 * Rule: a question that takes too long ends with a sentence, never with the server.
 */
import type { Asking, Sql, Transaction } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

/** Ten times what the dearest question takes over ten million detections. */
const TIMEOUT_MS = 5000;
/** PostgreSQL's "query_canceled": its statement timeout, or our own cancelling. */
const CANCELLED = "57014";

/**
 * Asks one question.
 * @param ask makes the statement, and nothing else
 * @param signal aborted when the caller has gone
 * @param settings of PostgreSQL, for this statement alone
 * @throws AppError invalid when it takes too long
 */
export const askInTime = async <Row extends object>(
  sql: Sql,
  ask: (transaction: Transaction) => Asking<Row>,
  signal?: AbortSignal,
  settings: Readonly<Record<string, string>> = {},
): Promise<Row[]> => {
  try {
    let rows: Row[] = [];
    await sql.begin(async (transaction) => {
      const all = Object.entries({ statement_timeout: String(TIMEOUT_MS), ...settings });
      await transaction`select set_config(name, value, true)
        from unnest(${all.map(([name]) => name)}::text[], ${all.map(([, value]) => value)}::text[]) as s(name, value)`;
      signal?.throwIfAborted();
      const asked = ask(transaction);
      const cancel = () => asked.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      rows = await asked.finally(() => signal?.removeEventListener("abort", cancel));
    });
    return rows;
  } catch (error) {
    if ((error as { code?: string }).code !== CANCELLED) throw error;
    throw new AppError("invalid", "This search takes too long. Type more of the plate, or choose a shorter time.", {
      cause: error,
    });
  }
};
