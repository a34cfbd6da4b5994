/**
 * How fast collectors should send, judged from how long batches take now.
 * Rule: pace slows collectors down, it never refuses.
 */
import type { Pace } from "@chaverim/contracts";

/** Batches remembered: about the last minute of a site under load. */
const REMEMBERED = 50;
/** The owner's number: a batch of 50 within 100 ms. */
const SLOW_MS = 100;
/** Batches at once that two cores serve without queueing. */
const BUSY = 4;
const DELAY_STEP_MS = 250;
const DELAY_MAX_MS = 5000;
const BATCH_CALM = 50;
/** Under load larger batches cost less per detection. */
const BATCH_BUSY = 100;

export type PaceKeeper = {
  /** Counts a batch in; call what it returns when the batch is done. */
  enter: () => () => void;
  pace: () => Pace;
};

export const createPaceKeeper = (now: () => number = () => performance.now()): PaceKeeper => {
  const durations: number[] = [];
  let running = 0;
  const isSlow = () => {
    const ordered = durations.toSorted((a, b) => a - b);
    return ordered.length === REMEMBERED && (ordered[Math.floor(REMEMBERED * 0.95)] ?? 0) > SLOW_MS;
  };
  return {
    enter: () => {
      const startedAt = now();
      running++;
      return () => {
        running--;
        durations.push(now() - startedAt);
        if (durations.length > REMEMBERED) durations.shift();
      };
    },
    pace: () => {
      const overloaded = running > BUSY || isSlow();
      const delayMs = overloaded ? Math.min(DELAY_MAX_MS, DELAY_STEP_MS * Math.max(1, running)) : 0;
      return { delayMs, maxBatch: overloaded ? BATCH_BUSY : BATCH_CALM, imagesPaused: false };
    },
  };
};
