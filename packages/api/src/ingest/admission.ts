/**
 * How many batches are under way at once, and how many bytes of large ones, of one collector and of all.
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
/** Of one collector's: two of the largest. Four slow ones together use up no more than the whole, and one leaves three quarters. */
const BYTES_OF_ONE_MAX = 2 * BATCH_BYTES_MAX;

type UnderWay = { batches: number; bytes: number };

const tooMuch = (message: string) =>
  new AppError("inflight", message, { retryAfterSeconds: 1 + Math.floor(Math.random() * 5) });

/** Counts what is under way: requests and bytes of each collector, and bytes of all; one for the process. */
export const createAdmission = () => {
  const inFlight = new Map<string, UnderWay>();
  let bytesUnderWay = 0;
  return {
    /**
     * Lets a batch in, or not. @param length of its body, as it says; null for one that does not
     * @returns what is called when nothing of it is under way any more
     * @throws AppError inflight
     */
    enter: (collectorId: string, length: number | null): (() => void) => {
      const said = Math.min(length ?? Infinity, BATCH_BYTES_MAX);
      const bytes = said <= SMALL_BYTES ? 0 : said;
      const own = inFlight.get(collectorId) ?? { batches: 0, bytes: 0 };
      if (own.batches >= IN_FLIGHT_MAX) throw tooMuch("This collector has too many batches under way.");
      if (bytes > 0 && own.bytes + bytes > BYTES_OF_ONE_MAX)
        throw tooMuch("This collector has as many large batches under way as one may have.");
      if (bytes > 0 && bytesUnderWay + bytes > BYTES_UNDER_WAY_MAX)
        throw tooMuch("The server has as many large batches under way as it takes at once.");
      inFlight.set(collectorId, own);
      own.batches++;
      own.bytes += bytes;
      bytesUnderWay += bytes;
      return () => {
        own.batches--;
        own.bytes -= bytes;
        bytesUnderWay -= bytes;
        if (own.batches === 0) inFlight.delete(collectorId);
      };
    },
  };
};
