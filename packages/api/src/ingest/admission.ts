/**
 * How many batches are under way at once, of one collector and of all.
 * Rule: what is refused is refused before its body is read, and what an alert may hang on is refused for its collector's sake alone.
 */
import { BATCH_BYTES_MAX } from "@chaverim/contracts";
import { AppError } from "../failure.ts";

/** Requests of one key at once: a collector sends one after the other, a test or a central-mode queue a few. */
const IN_FLIGHT_MAX = 4;
/** A detection with its pictures, or the metadata of a hundred: what an alert may hang on is never held up by its size. */
const SMALL_BYTES = 1024 * 1024;
/** Of all larger ones at once: fifty ordinary batches, or eight of the largest, which a plain disk takes in some seconds. */
const BYTES_UNDER_WAY_MAX = 256 * 1024 * 1024;
const tooMuch = (message: string) =>
  new AppError("inflight", message, { retryAfterSeconds: 1 + Math.floor(Math.random() * 5) });

/** Counts what is under way: requests of each collector, and bytes of all; one for the process. */
export const createAdmission = () => {
  const inFlight = new Map<string, number>();
  let bytesUnderWay = 0;
  return {
    /**
     * Lets a batch in, or not. @param length of its body, as it says; null for one that does not
     * @returns what is called when nothing of it is under way any more
     * @throws AppError inflight
     */
    enter: (collectorId: string, length: number | null): (() => void) => {
      const bytes = Math.min(length ?? Infinity, BATCH_BYTES_MAX);
      const isSmall = bytes <= SMALL_BYTES;
      const running = inFlight.get(collectorId) ?? 0;
      if (running >= IN_FLIGHT_MAX) throw tooMuch("This collector has too many batches under way.");
      if (!isSmall && bytesUnderWay + bytes > BYTES_UNDER_WAY_MAX)
        throw tooMuch("The server has as many large batches under way as it takes at once.");
      inFlight.set(collectorId, running + 1);
      if (!isSmall) bytesUnderWay += bytes;
      return () => {
        const left = (inFlight.get(collectorId) ?? 1) - 1;
        if (left > 0) inFlight.set(collectorId, left);
        else inFlight.delete(collectorId);
        if (!isSmall) bytesUnderWay -= bytes;
      };
    },
  };
};
