/**
 * Opens and resolves the health alerts of collectors and cameras, by what is known of them now.
 * Rule: harmless to repeat and to run in several processes; an open alert says how it is now, and nobody has to close it by hand.
 */
import type { Sql } from "@chaverim/db/open";
import { readHours } from "./expected.ts";
import { type Facts, type Problem, findProblems } from "./find-problems.ts";
import { readOpenAlerts } from "./health-alerts.ts";

type CollectorRow = Pick<Facts, "revoked" | "lastSeenAt" | "heartbeatAt" | "heartbeat"> & { id: string };
type MissingRow = {
  collectorId: string;
  epoch: number;
  count: number;
  from: number | null;
  to: number | null;
  lost: number;
};

/** Numbers below what still waits at each collector, of those who say what does; and how many of them were given up for lost. */
const readMissing = (sql: Sql, collectorId: string | null): Promise<MissingRow[]> => sql<MissingRow[]>`
  with told as (
    select id, (heartbeat ->> 'epoch')::bigint as epoch, (heartbeat ->> 'lastSeq')::bigint as last_seq, heartbeat -> 'buffer' as buffer
    from collectors where revoked_at is null and heartbeat is not null
      ${collectorId === null ? sql`` : sql`and id = ${collectorId}`}),
  settled as (
    select id, epoch, least(last_seq, coalesce(floor((buffer ->> 'lowestUnacked')::numeric)::bigint - 1, last_seq)) as up_to
    from told where buffer ? 'lowestUnacked' or (buffer ->> 'rows')::float8 <= coalesce((buffer ->> 'damaged')::float8, 0))
  select s.id as "collectorId", s.epoch::float8 as epoch, coalesce(sum(upper(m) - lower(m)), 0)::float8 as count,
    min(lower(m))::float8 as "from", max(upper(m) - 1)::float8 as "to",
    coalesce((select max((h.detail ->> 'lost')::float8) from health_alerts h
      where h.collector_id = s.id and h.kind = 'gap' and (h.detail ->> 'epoch')::float8 = s.epoch), 0) as lost
  from settled s
  left join collector_received r on r.collector_id = s.id and r.epoch = s.epoch
  left join lateral unnest(int8multirange(int8range(lower(r.seqs),
    greatest(lower(r.seqs), s.up_to + 1))) - r.seqs) m on true
  group by s.id, s.epoch`;

/** What is known of each collector, by its id. @param collectorId one collector alone; null for all */
const readFacts = async (sql: Sql, collectorId: string | null, now: Date): Promise<Map<string, Facts>> => {
  const [collectors, cameras, hours, missing, open, [epoch]] = await Promise.all([
    sql<CollectorRow[]>`
      select id, revoked_at is not null as revoked, last_seen_at as "lastSeenAt", last_heartbeat_at as "heartbeatAt", heartbeat
      from collectors ${collectorId === null ? sql`` : sql`where id = ${collectorId}`}`,
    sql<{ id: string; key: string; collectorId: string }[]>`
      select id, key, collector_id as "collectorId" from cameras
      where approved_at is not null ${collectorId === null ? sql`` : sql`and collector_id = ${collectorId}`}`,
    readHours(sql, collectorId, now),
    readMissing(sql, collectorId),
    readOpenAlerts(sql, collectorId),
    sql<{ epoch: number }[]>`select max(epoch) as epoch from central_epochs`,
  ]);
  const camerasByCollector = Map.groupBy(cameras, (camera) => camera.collectorId);
  const missingByCollector = new Map(missing.map((row) => [row.collectorId, row]));
  const openByCollector = Map.groupBy(open, (alert) => alert.collectorId);
  return new Map(
    collectors.map(({ id, ...collector }): [string, Facts] => {
      const lacking = missingByCollector.get(id);
      return [
        id,
        {
          ...collector,
          cameras: (camerasByCollector.get(id) ?? []).map((camera) => ({ ...camera, hour: hours.get(camera.id) })),
          missing: lacking
            ? { epoch: lacking.epoch, count: lacking.count, from: lacking.from ?? 0, to: lacking.to ?? 0 }
            : null,
          lost: lacking?.lost ?? 0,
          centralEpoch: epoch?.epoch ?? 1,
          open: openByCollector.get(id) ?? [],
        },
      ];
    }),
  );
};

const isSame = (alert: Problem, problem: Problem): boolean =>
  alert.kind === problem.kind && alert.cameraId === problem.cameraId;

/** Judges collectors and brings their alerts up to date. @param collectorId one collector alone; null for all */
export const judgeHealth = async (
  sql: Sql,
  collectorId: string | null,
  silentSinceMs: number,
  now: Date = new Date(),
): Promise<void> => {
  const opening: (Problem & { collectorId: string })[] = [];
  const going: { id: string; detail: Problem["detail"] }[] = [];
  const resolving: string[] = [];
  for (const [id, facts] of await readFacts(sql, collectorId, now)) {
    const problems = findProblems(facts, now.getTime(), silentSinceMs);
    for (const problem of problems) {
      if (!facts.open.some((alert) => isSame(alert, problem))) opening.push({ collectorId: id, ...problem });
    }
    for (const alert of facts.open) {
      const problem = problems.find((found) => isSame(alert, found));
      if (problem && problem !== alert) going.push({ id: alert.id, detail: problem.detail });
      if (!problem || problem.isOver) resolving.push(alert.id);
    }
  }
  if (opening.length > 0)
    await sql`
      insert into health_alerts (collector_id, camera_id, kind, detail)
      select r."collectorId", r."cameraId", r.kind, r.detail
      from jsonb_to_recordset(${JSON.stringify(opening)}::text::jsonb) as r("collectorId" uuid, "cameraId" uuid, kind text, detail jsonb)
      on conflict do nothing`;
  // Added to what it says: ingest may have told of a break in the chain meanwhile.
  if (going.length > 0)
    await sql`
      update health_alerts h set detail = h.detail || r.detail
      from jsonb_to_recordset(${JSON.stringify(going)}::text::jsonb) as r(id uuid, detail jsonb)
      where h.id = r.id and h.resolved_at is null and not h.detail @> r.detail`;
  if (resolving.length > 0)
    await sql`update health_alerts set resolved_at = now() where id = any(${resolving}::uuid[]) and resolved_at is null`;
};
