/**
 * The log: one JSON object a line, `timestamp` first, then level, service, message.
 * Rule: no plate, secret, token or code ever goes into it; paths are logged without their query.
 */
import { type DestinationStream, pino } from "pino";

export type Log = {
  debug: (fields: object, message: string) => void;
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
  fatal: (fields: object, message: string) => void;
};

/**
 * What is written down of an error: these fields and no others. PostgreSQL's `detail` quotes the row, plates and
 * addresses with it, and a client's error may carry the whole request.
 */
const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { name: type, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  return { type, code, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
};

/**
 * Opens the log.
 * @param level pino's level names
 * @param destination takes whole lines; standard output unless a test reads them
 */
export const createLog = (level: string, destination: DestinationStream = pino.destination(1)): Log =>
  pino(
    {
      level,
      base: { service: "central" },
      messageKey: "message",
      errorKey: "error",
      serializers: { error: describeError },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        // pino writes the level before the time; the order of keys is part of what log shippers rely on.
        streamWrite: (line) => line.replace(/^\{("level":"[a-z]+"),("timestamp":"[^"]+")/, "{$2,$1"),
      },
    },
    destination,
  );

/** A log that drops everything, for tests and tools. */
export const silentLog: Log = createLog("silent");
