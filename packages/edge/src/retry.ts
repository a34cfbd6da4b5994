/**
 * How long to wait before trying again.
 * Rule: trying never ends, and no number of attempts ever costs a detection.
 */
import { setTimeout as delay } from "node:timers/promises";

/** The first retry comes within a second: most cuts are shorter than that. */
const RETRY_BASE_MS = 1_000;
/** Five minutes: after a long outage the line is found again at once, and a thousand collectors are still a trickle. */
const RETRY_CAP_MS = 300_000;
/** A server may ask for a pause, but not for longer than a quarter of an hour. */
const RETRY_AFTER_CAP_MS = 15 * 60_000;

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): anything from 0 to the exponential ceiling.
 * @param failures failures in a row, from 1
 * @param random 0 <= random() < 1
 */
export const fullJitterMs = (failures: number, random: () => number): number =>
  random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(failures - 1, 30));

/**
 * Reads a `Retry-After` header (RFC 9110 section 10.2.3): seconds or an HTTP date.
 * @returns milliseconds from now, at most 15 minutes; null when there is none that can be read
 */
export const retryAfterMs = (header: string | null, nowMs: number): number | null => {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_CAP_MS);
};

/** Waits; an aborted signal ends the wait early and quietly: whoever waits looks at the signal next. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
