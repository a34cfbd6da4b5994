/**
 * One sleeper that others can wake.
 * Rule: a wake that comes while nobody sleeps is not lost; the next wait returns at once.
 */

/** The longest a timer of Node can run (2^31 - 1 ms, 24 days). */
const WAIT_MAX_MS = 2 ** 31 - 1;

export type Waker = {
  wake: () => void;
  /** Returns when woken, after `ms` milliseconds, or when the signal is aborted. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
};

export const createWaker = (): Waker => {
  let woken = false;
  let release: (() => void) | null = null;
  return {
    wake: () => {
      woken = true;
      release?.();
    },
    wait: async (ms, signal) => {
      if (!woken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            release = null;
            resolve();
          };
          const timer = setTimeout(done, Math.min(Math.max(ms, 0), WAIT_MAX_MS));
          signal.addEventListener("abort", done);
          release = done;
        });
      }
      woken = false;
    },
  };
};
