/**
 * Stops the demo's processes when the demo itself is gone, even by kill -9: run as a process of its own.
 * Rule: it learns of the demo's end by the end of its input, and ends only processes that the demo named to it.
 */
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "../failure.ts";

/** Central stops its database within ten seconds; whoever is still there after twelve is ended. */
const GRACE_MS = 12_000;
const LOOK_MS = 200;

/** Process ids in the order of their start. */
const guarded = new Set<number>();

/** Sends a signal, or 0 to look; false when there is no such process. */
const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
    throw error;
  }
};

// One line a change: "123" started, "-123" has ended.
for await (const line of createInterface({ input: process.stdin })) {
  const change = Number(line);
  if (change > 0) guarded.add(change);
  else guarded.delete(-change);
}
// Last started, first stopped: collectors before central.
const orphans = [...guarded].toReversed();
for (const pid of orphans) signal(pid, "SIGTERM");
const endMs = Date.now() + GRACE_MS;
while (orphans.some((pid) => signal(pid, 0)) && Date.now() < endMs) await delay(LOOK_MS);
for (const pid of orphans) signal(pid, "SIGKILL");
