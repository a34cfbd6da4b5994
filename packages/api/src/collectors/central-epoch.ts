/**
 * Central's epoch: rises when the database turns out to be an older copy of itself, by what a collector remembers or by the
 * mark beside it.
 * Rule: it never falls, and every collector is watched from then on until it has sent again what is missing.
 */
import type { Queryable } from "@chaverim/db/open";

/** No central is restored a hundred times between two of its backups: whoever says so is broken, and is not believed. */
const AHEAD_MAX = 100;

/** The epoch now. */
export const readEpoch = async (sql: Queryable): Promise<number> => {
  const [now] = await sql<{ epoch: number }[]>`select max(epoch) as epoch from central_epochs`;
  return now?.epoch ?? 1;
};

/** Begins an epoch, once; each collector that was ever heard is watched until nothing of it is missing. */
export const beginEpoch = async (sql: Queryable, epoch: number, before: number): Promise<void> => {
  const [begun] = await sql`
    insert into central_epochs (epoch, reason) values (${epoch}, 'restored') on conflict do nothing returning epoch`;
  if (!begun) return;
  await sql`
    insert into health_alerts (collector_id, kind, detail)
    select id, 'restored', jsonb_build_object('epoch', ${epoch}::int, 'before', ${before}::int)
    from collectors where revoked_at is null and last_heartbeat_at is not null
    on conflict do nothing`;
};

/**
 * The epoch now, after hearing which one a collector heard last.
 * @param told null when it says nothing of it, or is not believed
 */
export const hearEpoch = async (sql: Queryable, told: number | null): Promise<number> => {
  const epoch = await readEpoch(sql);
  if (told === null || told <= epoch || told - epoch > AHEAD_MAX) return epoch;
  await beginEpoch(sql, told + 1, epoch);
  return told + 1;
};
