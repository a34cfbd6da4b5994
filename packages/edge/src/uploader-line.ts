/**
 * How much one request may carry on this line, learnt from how long the answers take; both lanes learn together.
 * Rule: a request is sized to be answered within seconds, so that a fresh alert is never behind a long one.
 */

/** A request that was answered within this was small enough: the next may carry twice as much. */
const QUICK_MS = 2_000;
/** One that took longer holds up an alert: the next carries half. */
const LONG_MS = 8_000;
/** Where it begins: 1 s at 2 Mbit/s, the uplink of a modest site. A line that cannot even take this is slow. */
const START_BYTES = 256 * 1024;
/** Never less: 16 KB is 2 s at 64 kbit/s, the slowest line worth waiting for, and some 15 detections. */
const FLOOR_BYTES = 16 * 1024;

export type Line = {
  /** The bytes that one request may have now. */
  budget: () => number;
  /** Pictures are not sent along with fresh detections while this holds. */
  isSlow: () => boolean;
  noteAnswer: (bytes: number, tookMs: number) => void;
  /** A request of so many bytes got no answer, or was too large for what is between us and central. */
  noteCut: (bytes: number) => void;
  /** Central named the most that it takes. */
  limitTo: (bytes: number) => void;
};

/** @param maxBytes what a batch has at most on the best of lines */
export const createLine = (maxBytes: number): Line => {
  const startBytes = Math.min(START_BYTES, maxBytes);
  let ceiling = maxBytes;
  let budget = startBytes;
  const set = (bytes: number) => void (budget = Math.min(ceiling, Math.max(FLOOR_BYTES, Math.floor(bytes))));
  const halve = (bytes: number) => {
    // A request this small failed or dawdled for another reason than its size.
    if (bytes > FLOOR_BYTES) set(Math.min(budget, bytes) / 2);
  };
  return {
    budget: () => budget,
    isSlow: () => budget < Math.min(startBytes, ceiling),
    noteAnswer: (bytes, tookMs) => {
      if (tookMs > LONG_MS) halve(bytes);
      // A small request that was quick says nothing about a large one.
      else if (tookMs < QUICK_MS && bytes > budget / 2) set(budget * 2);
    },
    noteCut: halve,
    limitTo: (bytes) => {
      ceiling = Math.min(ceiling, bytes);
      set(budget);
    },
  };
};
