/**
 * Whether there is room for evidence; the rest of central goes on when there is not.
 * Rule: evidence stops above the end of the disk, administrators are told once, and it goes on by itself when there is room.
 */
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { PaceKeeper } from "./pace.ts";

/** The reserve of wire.md: evidence stops at 5 % of a small disk and at 2 GB of a large one, so that the rest goes on. */
const RESERVE_SHARE = 0.05;
const RESERVE_BYTES = 2 * 1024 ** 3;
/** How old a reading of the free space may be. */
const SPACE_AGE_MS = 2000;
/** So long without a full disk ends the notice: the Retry-After that collectors were given. */
const CALM_MS = 60_000;

export const diskFull = (cause?: unknown) =>
  new AppError("disk_full", "The server's disk is full. Keep the detections.", { retryAfterSeconds: 60, cause });

/** Tells every administrator on each of their devices, unless they have been told already. */
const tell = (central: Central, collector: string) => central.database.sql`
  insert into notices (user_id, kind, detail)
  select id, 'disk_full', ${JSON.stringify({ by: collector })}::text::jsonb from users u where role = 'admin' and disabled_at is null
    and not exists (select 1 from notices n where n.user_id = u.id and n.kind = 'disk_full' and n.dismissed_at is null)`;
const withdraw = (central: Central) =>
  central.database.sql`update notices set dismissed_at = now() where kind = 'disk_full' and dismissed_at is null`;

export type SpaceWatch = {
  /** @param collector by name, whose batch it is @throws AppError disk_full */
  check: (collector: string) => Promise<void>;
  /** The store itself had no room. */
  noteFull: (collector: string) => Promise<void>;
};

/** Watches the store's disk; one for the process. */
export const createSpaceWatch = (central: Central, pace: PaceKeeper): SpaceWatch => {
  let checkedAt = -Infinity;
  let isFull = false;
  let lastFullAt = -Infinity;
  /** Null until it was looked at: a notice from before the start may still stand. */
  let isTold: boolean | null = null;

  const note = async (full: boolean, collector: string): Promise<void> => {
    if (full) lastFullAt = performance.now();
    const isOver = !full && performance.now() - lastFullAt > CALM_MS;
    if (full === isTold || !(full || isOver)) return;
    isTold = full;
    if (full) central.log.error({}, "the disk is full: collectors are told to keep their detections");
    // The database may be on the same disk: then the log has to do.
    await (full ? tell(central, collector) : withdraw(central)).catch((error: unknown) =>
      central.log.warn({ error }, "administrators could not be told about the disk"),
    );
  };

  return {
    check: async (collector) => {
      if (performance.now() - checkedAt > SPACE_AGE_MS) {
        checkedAt = performance.now();
        const space = await central.store.space();
        const reserve = space ? Math.min(space.totalBytes * RESERVE_SHARE, RESERVE_BYTES) : 0;
        if (space) pace.noteSpace(space.freeBytes, reserve);
        isFull = space !== null && space.freeBytes < reserve;
        await note(isFull, collector);
      }
      if (isFull) throw diskFull();
    },
    noteFull: (collector) => note(true, collector),
  };
};
