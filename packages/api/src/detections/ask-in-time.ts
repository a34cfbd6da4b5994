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

/** Asks one of the statements of a question. */
export type Ask = <Row extends object>(make: (on: Transaction) => Asking<Row>) => Promise<Row[]>;

export type HowToAsk = {
  /** Aborted when the caller has gone. */
  signal?: AbortSignal | undefined;
  /**
   * `generic`: the same few looks into an index whatever is asked, planned once and not each time, which takes longer than the
   * looks. `custom`: where the way depends on what is asked; PostgreSQL would guess wrong once it has seen five questions.
   */
  plan?: "generic" | "custom";
  /** Of PostgreSQL, for this question alone. */
  settings?: Readonly<Record<string, string>>;
};

/**
 * Asks a question of one or more statements, all on one connection.
 * @param look asks its statements with the given function, one after the other or at once
 * @throws AppError too_slow when one takes too long
 */
export const lookInTime = async <Answer>(
  sql: Sql,
  look: (ask: Ask) => Promise<Answer>,
  { signal, plan, settings = {} }: HowToAsk = {},
): Promise<Answer> => {
  const all = Object.entries({
    statement_timeout: String(TIMEOUT_MS),
    plan_cache_mode: plan ? `force_${plan}_plan` : "auto",
    ...settings,
  });
  try {
    const answers: Answer[] = [];
    await sql.begin(async (transaction) => {
      await transaction`select set_config(name, value, true)
        from unnest(${all.map(([name]) => name)}::text[], ${all.map(([, value]) => value)}::text[]) as s(name, value)`;
      const ask: Ask = (make) => {
        signal?.throwIfAborted();
        const asked = make(transaction);
        const cancel = () => asked.cancel();
        signal?.addEventListener("abort", cancel, { once: true });
        return asked.finally(() => signal?.removeEventListener("abort", cancel));
      };
      answers.push(await look(ask));
    });
    return answers[0] as Answer;
  } catch (error) {
    if ((error as { code?: string }).code !== CANCELLED) throw error;
    throw new AppError("too_slow", "This search takes too long. Type more of the plate, or choose a shorter time.", {
      cause: error,
    });
  }
};

/** Asks one statement. @throws AppError too_slow when it takes too long */
export const askInTime = <Row extends object>(
  sql: Sql,
  make: (on: Transaction) => Asking<Row>,
  how?: HowToAsk,
): Promise<Row[]> => lookInTime(sql, (ask) => ask(make), how);
