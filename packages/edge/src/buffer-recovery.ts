/**
 * The rows of now: opens them, and replaces them when SQLite turns out to be damaged.
 * Rule: a damaged file is set aside, and capturing goes on at once with a new one.
 */
import { join } from "node:path";
import { isDamage, openRows, type BufferRows } from "./buffer-rows.ts";
import type { Clock } from "./clock.ts";
import { setAside } from "./damaged.ts";
import { reasonOf } from "./failure.ts";
import type { ImageStore } from "./images.ts";
import type { Log } from "./log.ts";
import { joinChain, restoreRows } from "./rebuild.ts";
import type { SidecarStore } from "./sidecars.ts";

export const BUFFER_FILE = "buffer.db";

export type RecoveringRows = AsyncDisposable & {
  /** Works on the rows; when they turn out to be damaged, again on those that replace them. */
  withRows: <T>(work: (rows: BufferRows) => T) => T;
  /** Settles when rows that were lost are back from their sidecars. */
  restored: () => Promise<void>;
};

type RecoveryOptions = {
  dataDir: string;
  sidecars: SidecarStore;
  images: Pick<ImageStore, "has">;
  clock: Clock;
  log: Log | null;
};

/**
 * Opens (or makes) the rows of a data folder.
 * @throws FatalError when another process has them
 */
export const openRecoveringRows = (options: RecoveryOptions): RecoveringRows => {
  const { dataDir, sidecars, images, clock, log } = options;
  const path = join(dataDir, BUFFER_FILE);
  const closing = new AbortController();

  const openJoined = (): BufferRows => {
    const opened = openRows(path);
    try {
      joinChain(opened, sidecars, clock.nowMs());
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  };

  const openAnew = (error: unknown): BufferRows => {
    const keptIn = setAside(dataDir, BUFFER_FILE, clock.nowMs());
    log?.error(
      { reason: reasonOf(error), keptIn },
      "the buffer's database is damaged and is rebuilt from its sidecars",
    );
    return openJoined();
  };

  const openOrRebuild = (): BufferRows => {
    try {
      return openJoined();
    } catch (error) {
      if (!isDamage(error)) throw error;
      return openAnew(error);
    }
  };

  let rows = openOrRebuild();
  let restoring = Promise.resolve();

  const replace = (error: unknown) => {
    rows.close();
    rows = openAnew(error);
    restoring = restore();
  };

  const restore = async (): Promise<void> => {
    try {
      const outcome = await restoreRows(() => rows, sidecars, images, closing.signal);
      if (outcome.restored > 0) log?.warn(outcome, "detections were restored from their sidecars");
      if (outcome.unreadable > 0) log?.error(outcome, "sidecars cannot be read; they are kept");
    } catch (error) {
      if (isDamage(error)) return replace(error);
      // What is missing stays noted: the next start goes on with it.
      log?.error({ reason: reasonOf(error) }, "detections could not be restored from their sidecars yet");
    }
  };
  restoring = restore();

  return {
    withRows: (work) => {
      try {
        return work(rows);
      } catch (error) {
        if (!isDamage(error)) throw error;
        replace(error);
        return work(rows);
      }
    },
    restored: async () => {
      for (let seen: Promise<void> | null = null; seen !== restoring;) {
        seen = restoring;
        await seen;
      }
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await restoring;
      rows.close();
    },
  };
};
