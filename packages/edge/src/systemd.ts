/**
 * Tells systemd that the collector is ready, alive, or stopping (sd_notify(3)).
 * Rule: the watchdog is fed only while the event loop turns and the queue moves or is empty; a line that is cut is no fault.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { reasonOf } from "./failure.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";

/**
 * Node has no datagram sockets of the Unix kind; this program of systemd does. It costs 7 ms of a core each time (measured
 * over 100): at a watchdog of two minutes, fed every 40 s, a five-thousandth.
 */
const PROGRAMS = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];
/** It waits until systemd has read the message; a system that is that busy gets the next one. */
const NOTIFY_TIMEOUT_MS = 10_000;
/** sd_watchdog_enabled(3) asks for half of the time; a third leaves room for one that comes late. */
const FEEDINGS = 3;

/** What systemd told this process at its start. */
export type Supervision = { socket: string; watchdogMs: number | null };

export type ServiceManager = {
  /** Says that the collector is ready, feeds the watchdog until the signal is aborted, and says that it stops. */
  run: (signal: AbortSignal) => Promise<void>;
};

const runFile = promisify(execFile);

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, "abort");
};

/**
 * @param supervision null when nobody supervises
 * @param isStuck says that the collector hangs and should be started again
 */
export const createServiceManager = (
  supervision: Supervision | null,
  isStuck: () => boolean,
  log: Log,
): ServiceManager => {
  const program = supervision && PROGRAMS.find((path) => existsSync(path));
  if (supervision && !program)
    log.warn("systemd waits to be told of this process, and systemd-notify is not installed");

  const tell = async (state: string): Promise<void> => {
    if (!supervision || !program) return;
    try {
      await runFile(program, [state], { env: { NOTIFY_SOCKET: supervision.socket }, timeout: NOTIFY_TIMEOUT_MS });
    } catch (error) {
      log.warn({ state, reason: reasonOf(error) }, "systemd could not be told");
    }
  };

  const feed = async (watchdogMs: number, signal: AbortSignal): Promise<void> => {
    let wasStuck = false;
    while (!signal.aborted) {
      const stuck = isStuck();
      if (stuck && !wasStuck) log.error("the queue does not move, and systemd is not told that it does");
      wasStuck = stuck;
      if (!stuck) await tell("WATCHDOG=1");
      await pause(watchdogMs / FEEDINGS, signal);
    }
  };

  return {
    run: async (signal) => {
      if (!supervision) return;
      await tell("READY=1");
      if (supervision.watchdogMs === null) await aborted(signal);
      else await feed(supervision.watchdogMs, signal);
      await tell("STOPPING=1");
    },
  };
};
