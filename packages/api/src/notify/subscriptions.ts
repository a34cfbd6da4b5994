/**
 * How many streams one socket carries.
 * Rule: counted while they run; a screen has two, and whoever opens more than a handful wants something else.
 */
import type { IncomingMessage } from "node:http";
import { AppError } from "../failure.ts";

/** A wall with several panes stays below. */
const SUBSCRIPTIONS_MAX = 8;

/** Streams that run, by the upgrade request of their socket. */
const running = new WeakMap<IncomingMessage, number>();

/**
 * Counts a stream until it is disposed of.
 * @throws AppError too_many
 */
export const countSubscription = (upgrade: IncomingMessage): Disposable => {
  const before = running.get(upgrade) ?? 0;
  if (before >= SUBSCRIPTIONS_MAX)
    throw new AppError("too_many", "This channel carries as many streams as it can. Close another one first.");
  running.set(upgrade, before + 1);
  return { [Symbol.dispose]: () => void running.set(upgrade, (running.get(upgrade) ?? 1) - 1) };
};
