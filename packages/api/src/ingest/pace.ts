/**
 * How fast collectors should send, judged from how long batches take now and from what the evidence store says.
 * Rule: pace slows collectors down, it never refuses; without new trouble it is forgotten within a minute.
 */
import type { Pace } from "@chaverim/contracts";

/** Batches remembered: the last minute of ten sites under load. */
const REMEMBERED = 120;
/** Older than this says nothing about now. */
const MEMORY_MS = 60_000;
/** With fewer batches one slow disk flush would be "95 % of them". */
const JUDGED_MIN = 20;
/** The owner's number: a batch of 50 within 100 ms. */
const SLOW_MS = 100;
/** Batches at once that two cores serve without queueing. */
const BUSY = 4;
/** For each time that the load is as large again as what central takes with ease. */
const DELAY_STEP_MS = 250;
const DELAY_MAX_MS = 5000;
const BATCH_CALM = 50;
/** Under load larger batches cost less per detection. */
const BATCH_BUSY = 100;
/** A hundred images are durable within 50 ms on an ordinary disk; at forty times that they hold up what an alert needs. */
const STORE_SLOW_MS = 2000;
/** How long images wait after that: the next heartbeat or batch brings the news either way. */
const IMAGES_PAUSE_MS = 30_000;
/** Images stop at twice the reserve, so that the metadata of many days still fits in above it. */
const NEAR_RESERVE = 2;

export type PaceKeeper = {
  /** Counts a batch in; call what it returns when the batch is done. */
  enter: () => () => void;
  /** How long images took to become durable; infinity when the store did not take them. */
  noteStore: (durationMs: number) => void;
  /** Free bytes in the store against its reserve. */
  noteSpace: (freeBytes: number, reserveBytes: number) => void;
  pace: () => Pace;
};

export const createPaceKeeper = (now: () => number = () => performance.now()): PaceKeeper => {
  const batches: { endedAt: number; durationMs: number }[] = [];
  let running = 0;
  let imagesAgainAt = -Infinity;
  let isSpaceScarce = false;
  const p95 = (): number => {
    const recent = batches.filter(({ endedAt }) => now() - endedAt < MEMORY_MS).map(({ durationMs }) => durationMs);
    if (recent.length < JUDGED_MIN) return 0;
    return recent.toSorted((a, b) => a - b)[Math.floor((recent.length - 1) * 0.95)] ?? 0;
  };
  return {
    enter: () => {
      const startedAt = now();
      running++;
      return () => {
        running--;
        batches.push({ endedAt: now(), durationMs: now() - startedAt });
        if (batches.length > REMEMBERED) batches.shift();
      };
    },
    noteStore: (durationMs) => {
      if (durationMs > STORE_SLOW_MS) imagesAgainAt = now() + IMAGES_PAUSE_MS;
    },
    noteSpace: (freeBytes, reserveBytes) => {
      isSpaceScarce = freeBytes < NEAR_RESERVE * reserveBytes;
    },
    pace: () => {
      /** 1 is what central takes with ease. */
      const load = Math.max(p95() / SLOW_MS, running / BUSY);
      const isOverloaded = load > 1;
      return {
        delayMs: isOverloaded ? Math.min(DELAY_MAX_MS, Math.ceil((load - 1) * DELAY_STEP_MS)) : 0,
        maxBatch: isOverloaded ? BATCH_BUSY : BATCH_CALM,
        imagesPaused: isSpaceScarce || now() < imagesAgainAt,
      };
    },
  };
};
