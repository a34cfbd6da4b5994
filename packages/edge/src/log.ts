/**
 * The collector's log: one JSON object a line on standard output.
 * Rule: timestamp, level, service and message come first, in this order, and no key or token is ever logged.
 */
import { pino, type Logger } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Line = { timestamp: string; level: string; service: string; message: string };

/** pino always puts the level first and the message last; the collector logs little enough to put them in order here. */
const inOrder = (line: string): string => {
  const { timestamp, level, service, message, ...fields } = JSON.parse(line) as Line;
  return `${JSON.stringify({ timestamp, level, service, message, ...fields })}\n`;
};

/** @param write takes a whole line; standard output unless a test listens */
export const createLog = (level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log =>
  pino(
    {
      level,
      base: { service: "collector" },
      messageKey: "message",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(inOrder(line)) },
  );
