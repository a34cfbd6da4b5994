/**
 * Central's epoch: rises when a collector remembers a higher one than the database does, which then is an older copy of itself.
 * Rule: it never falls, and every collector is watched from then on until it has sent again what is missing.
 */
import type { Queryable } from "@chaverim/db/open";

/** No central is restored a million times: whoever says so is broken, and is not believed. */
const EPOCH_MAX = 1_000_000;

/**
 * The epoch now, after hearing which one a collector heard last.
 * @param told null when it says nothing of it
 */
export const hearEpoch = async (sql: Queryable, told: number | null): Promise<number> => {
  const [now] = await sql<{ epoch: number }[]>`select max(epoch) as epoch from central_epochs`;
  const epoch = now?.epoch ?? 1;
  if (told === null || told <= epoch || told > EPOCH_MAX) return epoch;
  const raised = told + 1;
  const [begun] = await sql`
    insert into central_epochs (epoch, reason) values (${raised}, 'restored') on conflict do nothing returning epoch`;
  if (begun) {
    await sql`
      insert into health_alerts (collector_id, kind, detail)
      select id, 'restored', jsonb_build_object('epoch', ${raised}::int, 'before', ${epoch}::int)
      from collectors where revoked_at is null and last_heartbeat_at is not null
      on conflict do nothing`;
  }
  return raised;
};
