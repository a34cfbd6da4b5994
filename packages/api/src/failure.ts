/**
 * Failures inside central and the one body they are told in, at REST and tRPC alike.
 * Rule: an unknown error becomes `internal`; its cause goes to the log, never to the caller.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FAILURES, type Failure, type FailureCode } from "@chaverim/contracts";
import type { Log } from "./log.ts";

/** A failure that the caller is told about. */
export class AppError extends Error {
  override name = "AppError";
  readonly code: FailureCode;
  readonly details: Record<string, unknown> | undefined;
  /** Sent as Retry-After, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FailureCode,
    message: string,
    options: { details?: Record<string, unknown>; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details =
      options.retryAfterSeconds === undefined
        ? options.details
        : { retryAfterSeconds: options.retryAfterSeconds, ...options.details };
  }
}

/** postgres.js and PostgreSQL codes that mean "the database cannot answer now", not "the query is wrong". */
const DATABASE_AWAY =
  /^(EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|CONNECT(ION)?_.*|ECONN.*|57P0[1-5]|57014|53[0-9A-Z]{3}|08[0-9A-Z]{3}|55P03|58030|25006|25P03)$/;

/** Says whether an error means that the database is down, full, starting or too slow. */
export const isDatabaseAway = (error: unknown): boolean => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && DATABASE_AWAY.test(cause.code)) return true;
  }
  return false;
};

const databaseAway = (cause: unknown): AppError =>
  // 5 s: the least of wire.md's range; a restart of PostgreSQL takes about one.
  new AppError("db_unavailable", "The database does not answer. Nothing was lost; try again in a moment.", {
    retryAfterSeconds: 5,
    cause,
  });

/**
 * Waits for the database no longer than this.
 * @throws AppError db_unavailable when it hangs; the work itself may still finish, and is then found as a repeat
 */
export const inTime = async <T>(work: Promise<T>, timeoutMs: number): Promise<T> => {
  const late = new AbortController();
  const timeout = sleep(timeoutMs, undefined, { signal: late.signal }).then(() => {
    throw databaseAway(new Error(`no answer within ${timeoutMs} ms`));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => undefined);
  }
};

/** Brings any error to one that may be told. */
export const toAppError = (error: unknown): AppError => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AppError) return cause;
  if (isDatabaseAway(error)) return databaseAway(error);
  return new AppError(
    "internal",
    "Something went wrong on the server. It has been logged; try again, and tell an administrator if it stays.",
    { cause: error },
  );
};

/**
 * Logs why the database or the evidence store did not answer, which the caller is not told.
 * @returns whether that was the failure
 */
export const warnUnavailable = (log: Log, error: unknown, requestId: string | undefined): boolean => {
  const { code, cause } = toAppError(error);
  if (FAILURES[code] !== 503 || cause === undefined) return false;
  log.warn({ request_id: requestId, code, error: cause }, "not available");
  return true;
};

/** The body and the HTTP status of a failure. */
export const toFailure = (error: AppError, requestId: string): { status: number; body: Failure } => ({
  status: FAILURES[error.code],
  body: { code: error.code, message: error.message, requestId, ...(error.details ? { details: error.details } : {}) },
});
