/**
 * The log: one JSON object a line, `timestamp` first, then level, service, message.
 * Rule: no plate, secret, token or code ever goes into it; paths are logged without their query.
 */
import { pino } from "pino";

export type Log = {
  debug: (fields: object, message: string) => void;
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  error: (fields: object, message: string) => void;
  fatal: (fields: object, message: string) => void;
};

/**
 * Opens the log on standard output.
 * @param level pino's level names
 */
export const createLog = (level: string): Log =>
  pino({
    level,
    base: { service: "central" },
    messageKey: "message",
    errorKey: "error",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    hooks: {
      // pino writes the level before the time; the order of keys is part of what log shippers rely on.
      streamWrite: (line) => line.replace(/^\{("level":"[a-z]+"),("timestamp":"[^"]+")/, "{$2,$1"),
    },
  });

/** A log that drops everything, for tests and tools. */
export const silentLog: Log = createLog("silent");
