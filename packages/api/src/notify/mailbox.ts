/**
 * A queue between a publisher that never waits and one reader.
 * Rule: bounded; when a reader is too slow the oldest goes, because every reader can ask for the newest again.
 */
export type Mailbox<T> = AsyncIterable<T> & { push: (item: T) => void };

/** @param max items kept for a slow reader */
export const createMailbox = <T>(max: number, signal: AbortSignal | undefined): Mailbox<T> => {
  const items: T[] = [];
  let wake: (() => void) | null = null;
  const rouse = () => {
    wake?.();
    wake = null;
  };
  signal?.addEventListener("abort", rouse, { once: true });
  return {
    push: (item) => {
      items.push(item);
      if (items.length > max) items.shift();
      rouse();
    },
    async *[Symbol.asyncIterator]() {
      while (!signal?.aborted) {
        const item = items.shift();
        if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield item;
      }
    },
  };
};
