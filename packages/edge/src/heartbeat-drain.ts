/**
 * How long it takes until everything is sent, from how the queue moved since the heartbeat before.
 * Rule: the estimate counts what is added meanwhile; a queue that does not shrink has no end.
 */
import { IMAGE_ROLES } from "@chaverim/contracts";

/** What waits at one moment: rows whose metadata waits, and images. `added` counts the rows that ever came in. */
export type QueueReading = { atMs: number; added: number; waiting: Readonly<Record<"metadata" | "images", number>> };

const LANES = ["metadata", "images"] as const;

/** Seconds until one lane is empty; null when it has no end. */
const laneSeconds = (before: number, after: number, added: number, seconds: number): number | null => {
  if (after === 0) return 0;
  const net = (before - after) / seconds;
  if (net > 0) return after / net;
  // What came in since has not all had its turn: a queue in good health, and not a backlog.
  const sent = before + added - after;
  return sent > 0 && after <= added ? (after * seconds) / sent : null;
};

/** Takes a reading of the queue; answers with the seconds until it is empty, null when nothing waits or nothing moves. */
export const createDrainEstimate = (): ((reading: QueueReading) => number | null) => {
  let last: QueueReading | null = null;
  return (reading) => {
    const before = last;
    last = reading;
    if (before === null || LANES.every((lane) => reading.waiting[lane] === 0)) return null;
    const seconds = (reading.atMs - before.atMs) / 1_000;
    const added = reading.added - before.added;
    if (seconds <= 0 || added < 0) return null;
    const lanes = LANES.map((lane) => {
      const addedHere = lane === "images" ? added * IMAGE_ROLES.length : added;
      return laneSeconds(before.waiting[lane], reading.waiting[lane], addedHere, seconds);
    });
    // The lanes go side by side: the one that takes longer decides.
    return lanes.reduce((most, lane) => (most === null || lane === null ? null : Math.max(most, lane)), 0);
  };
};
