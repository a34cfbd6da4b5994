/**
 * Writes down in the access log what the operator's command changes.
 * Rule: the entry is there before the change, and another one with the failure when the change could not be made.
 */
import { randomUUID } from "node:crypto";
import { type LogEntry, appendEntry, plateOf } from "../audit/append.ts";
import { toAppError } from "../failure.ts";
import type { Console, Options } from "./commands/command.ts";

/** A value is kept up to here, as those of people's calls are. */
const TEXT_MAX = 500;

const filtersOf = (command: string, options: Options): Record<string, string> => {
  const given = Object.entries(options).filter((option): option is [string, string] => typeof option[1] === "string");
  return {
    command,
    ...Object.fromEntries(given.map(([name, value]) => [name, value.slice(0, TEXT_MAX).toWellFormed()])),
  };
};

/** Does `work`, which the operator asked for with `command` and `options`, with its entry in the access log. */
export const recordAct = async <T>(
  console: Pick<Console, "database" | "policy">,
  command: string,
  options: Options,
  work: () => Promise<T>,
): Promise<T> => {
  const filters = filtersOf(command, options);
  const entry: Omit<LogEntry, "outcome"> = {
    requestId: randomUUID(),
    who: null,
    ip: null,
    action: "console.act",
    plate: plateOf(filters),
    filters,
  };
  await appendEntry(console, { ...entry, outcome: "ok" });
  try {
    return await work();
  } catch (error) {
    const isMistyped = error instanceof Error && "issues" in error;
    const failure = isMistyped ? "invalid" : toAppError(error).code;
    await appendEntry(console, { ...entry, outcome: "error", failure });
    throw error;
  }
};
