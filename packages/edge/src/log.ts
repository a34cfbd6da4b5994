/**
 * The collector's log: one JSON object a line on standard output, and the newest lines once more in memory.
 * Rule: timestamp, level, service and message come first, in this order, and no key or token is ever logged.
 */
import { pino, type Logger } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;
/** A log whose level can be changed while it runs. */
export type LevelledLog = Log & Pick<Logger, "level">;

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Line = { timestamp: string; level: string; service: string; message: string };

/** pino always puts the level first and the message last; the collector logs little enough to put them in order here. */
const inOrder = (line: string): string => {
  const { timestamp, level, service, message, ...fields } = JSON.parse(line) as Line;
  return `${JSON.stringify({ timestamp, level, service, message, ...fields })}\n`;
};

/** @param write takes a whole line; standard output unless a test listens */
export const createLog = (
  level: LogLevel,
  write: (line: string) => void = (line) => process.stdout.write(line),
): LevelledLog =>
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

/** As many as a person reads to understand a trouble. */
const RECENT_LINES = 200;
/** A line is some 200 characters; a longer one is cut, so that 200 of them stay within half a megabyte. */
const RECENT_LINE_MAX = 2_000;

export type RecentLines = {
  note: (line: string) => void;
  /** The newest lines that fit into so many bytes, oldest first. */
  newest: (maxBytes: number) => string;
};

/** @param secrets texts that leave out of nothing that is shown, should one ever have got into a line */
export const createRecentLines = (secrets: readonly string[]): RecentLines => {
  const lines: string[] = [];
  const conceal = (line: string) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), line).replace(/alpr_[\w-]{43}/g, "[secret]");
  return {
    note: (line) => {
      lines.push(conceal(line.trimEnd()).slice(0, RECENT_LINE_MAX));
      if (lines.length > RECENT_LINES) lines.shift();
    },
    newest: (maxBytes) => {
      let bytes = 0;
      const older = lines.findLastIndex((line) => (bytes += Buffer.byteLength(line) + 1) > maxBytes);
      return lines.slice(older + 1).join("\n");
    },
  };
};
