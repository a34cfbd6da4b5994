/**
 * Sends everything again that central may have lost, when it turns out to be an older copy of itself.
 * Rule: a slice at a time, newest first; cameras and both lanes go on meanwhile, and a restart goes on where it was.
 */
import { setImmediate } from "node:timers/promises";
import type { DetectionBuffer } from "./buffer.ts";
import type { Log } from "./log.ts";
import { createWaker } from "./waker.ts";

type RepeaterOptions = {
  buffer: Pick<DetectionBuffer, "doubtAll" | "repeatNext">;
  /** Rows are due again. */
  noteAgain: () => void;
  log: Log;
};

export type Repeater = {
  /** Everything that was acknowledged before now is to be sent once more: durable when it returns. */
  repeatAll: () => void;
  run: (signal: AbortSignal) => Promise<void>;
};

export const createRepeater = ({ buffer, noteAgain, log }: RepeaterOptions): Repeater => {
  const waker = createWaker();

  const repeatDoubted = async (signal: AbortSignal): Promise<void> => {
    let rows = 0;
    while (!signal.aborted) {
      const more = buffer.repeatNext();
      if (more === null) break;
      rows += more;
      if (more > 0) noteAgain();
      await setImmediate();
    }
    if (rows > 0) log.warn({ rows }, "central may have lost what it acknowledged; all of it is sent again");
  };

  return {
    repeatAll: () => {
      buffer.doubtAll();
      waker.wake();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await repeatDoubted(signal);
        await waker.wait(Number.POSITIVE_INFINITY, signal);
      }
    },
  };
};
