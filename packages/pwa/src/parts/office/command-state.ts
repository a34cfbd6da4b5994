/**
 * How far a command has come.
 * Rule: told from what central wrote down; after its time a command that nobody answered is void.
 */
import type { CommandView } from "@chaverim/contracts";

export type CommandState =
  | "waiting"
  | "sent"
  | "done"
  | "onItsWay"
  | "arrived"
  | "failed"
  | "refused"
  | "expired"
  | "unanswered";

/** A test is done when its detection has arrived, everything else when the collector says so. */
export const commandState = (command: CommandView, nowMs: number): CommandState => {
  const { acked, verb, arrivedAt, sentAt, notAfter } = command;
  if (acked !== null) {
    if (acked.status !== "done" || verb !== "capture_test") return acked.status;
    return arrivedAt === null ? "onItsWay" : "arrived";
  }
  if (Date.parse(notAfter) <= nowMs) return sentAt === null ? "expired" : "unanswered";
  return sentAt === null ? "waiting" : "sent";
};

const MOVING: ReadonlySet<CommandState> = new Set(["waiting", "sent", "onItsWay"]);

/** Says whether something is still to come of a command. */
export const isMoving = (state: CommandState): boolean => MOVING.has(state);
