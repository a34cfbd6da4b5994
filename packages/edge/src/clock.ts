/**
 * Time at the edge: the device's clock, time since boot, and what central says the time is.
 * Rule: a board has no battery, so its clock is never the only witness; boot id and time since boot go with every reading.
 */
import { readFileSync } from "node:fs";
import type { Detection } from "@chaverim/contracts";

/** When something reached this device. `monotonicMs` counts from the boot that `bootId` names. */
export type Arrival = { receivedAtMs: number; monotonicMs: number; bootId: string | null };

export type Clock = {
  bootId: string | null;
  /** The device's clock, milliseconds since 1970. */
  nowMs: () => number;
  /** Milliseconds since boot; never steps. */
  monotonicMs: () => number;
};

/** Reads this boot's id; null where the system has none (then only the device's clock speaks). */
const readBootId = (): string | null => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
};

export const createSystemClock = (): Clock => ({
  bootId: readBootId(),
  nowMs: () => Date.now(),
  // CLOCK_MONOTONIC: since boot on Linux, the same for every process.
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
});

export const arrivalNow = (clock: Clock): Arrival => ({
  receivedAtMs: clock.nowMs(),
  monotonicMs: clock.monotonicMs(),
  bootId: clock.bootId,
});

/** An answer that took longer says too little about the time at which central wrote it. */
const ROUND_TRIP_MAX_MS = 5_000;

/** Below this the device's clock is kept: central's `Date` header has whole seconds, and the line adds its delay. */
const OFFSET_IGNORED_MS = 2_000;

/** What central said first counts for the whole boot; only when it says otherwise by more than this is it asked anew. */
const OFFSET_KEPT_MS = 5_000;

export type CentralTime = {
  /**
   * Notes what central said the time was.
   * @param serverMs central's time in milliseconds since 1970
   * @param sentMs when the request left, `receivedMs` when the answer came; both of `monotonicMs`
   */
  observe: (serverMs: number, sentMs: number, receivedMs: number) => void;
  /** Central's clock minus the device's, milliseconds; null before the first answer. */
  offsetMs: () => number | null;
  /** The best known time of an arrival, and the `clock` of the detection that explains it. */
  timeOf: (arrival: Arrival) => { atMs: number; clock: NonNullable<Detection["clock"]> };
};

/**
 * Keeps central's time against time since boot, so that a step of the device's clock cannot spoil it. One offset holds for a
 * boot: each later one that had to be taken has a `source` of its own (`central 2`), so that a jump is never silent.
 */
export const createCentralTime = (clock: Clock): CentralTime => {
  let centralAtBootMs: number | null = null;
  let taken = 0;
  const named = (source: string) => (taken > 1 ? `${source} ${taken}` : source);
  const offsetMs = () =>
    centralAtBootMs === null ? null : Math.round(centralAtBootMs + clock.monotonicMs() - clock.nowMs());
  return {
    observe: (serverMs, sentMs, receivedMs) => {
      const roundTripMs = receivedMs - sentMs;
      if (!Number.isFinite(serverMs) || roundTripMs > ROUND_TRIP_MAX_MS) return;
      const saidMs = serverMs + roundTripMs / 2 - receivedMs;
      if (centralAtBootMs !== null && Math.abs(saidMs - centralAtBootMs) <= OFFSET_KEPT_MS) return;
      centralAtBootMs = saidMs;
      taken++;
    },
    offsetMs,
    timeOf: (arrival) => {
      const { receivedAtMs, bootId } = arrival;
      const monotonicMs = Math.round(arrival.monotonicMs);
      // What central says holds for this boot alone: an arrival of an earlier boot keeps the time it was given.
      if (centralAtBootMs === null || bootId !== clock.bootId) {
        return {
          atMs: receivedAtMs,
          clock: { source: "collector", synced: false, offsetMs: null, bootId, monotonicMs },
        };
      }
      const offset = Math.round(centralAtBootMs + arrival.monotonicMs - receivedAtMs);
      const corrected = Math.abs(offset) > OFFSET_IGNORED_MS;
      return {
        atMs: corrected ? receivedAtMs + offset : receivedAtMs,
        clock: {
          source: named(corrected ? "central" : "collector"),
          synced: true,
          offsetMs: corrected ? offset : 0,
          bootId,
          monotonicMs,
        },
      };
    },
  };
};

/** Reads an HTTP `Date` header as milliseconds since 1970, in the middle of the second it names; null if it is none. */
export const readDateHeader = (header: string | null): number | null => {
  const atMs = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(atMs) ? null : atMs + 500;
};
