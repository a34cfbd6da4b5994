/**
 * Collectors with their health, judged from what they said and sent.
 * Rule: state comes from evidence (heartbeats and batches), and what is not known is null.
 */
import {
  COLLECTOR_LATE_MS,
  COLLECTOR_OFFLINE_MS,
  LATE_AFTER_MS,
  type CollectorKeyView,
  type CollectorView,
  type Heartbeat,
} from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { DRAINING_ROWS, clockOffsetMs, waitingRows } from "./find-problems.ts";
import { readOpenAlerts, toHealthAlert } from "./health-alerts.ts";

const MINUTES_SHOWN = 60;
/** More than a person decides about in one sitting; beyond it the number says nothing new and costs more with each row. */
const QUARANTINED_MAX = 1000;

type CollectorRow = {
  id: string;
  name: string;
  revokedAt: Date | null;
  lastSeenAt: Date | null;
  lastHeartbeatAt: Date | null;
  heartbeat: Heartbeat | null;
  signed: boolean;
};
type CameraRow = {
  id: string;
  collectorId: string;
  key: string;
  name: string;
  area: string | null;
  approved: boolean;
  lastDetectionAt: Date | null;
};

const stateOf = (row: CollectorRow, nowMs: number): CollectorView["state"] => {
  if (row.revokedAt) return "revoked";
  if (!row.lastSeenAt) return "never_seen";
  const silentMs = nowMs - row.lastSeenAt.getTime();
  if (silentMs > COLLECTOR_OFFLINE_MS) return "offline";
  if (silentMs > COLLECTOR_LATE_MS) return "late";
  return waitingRows(row.heartbeat) > DRAINING_ROWS ? "draining" : "live";
};

type KeyRow = Omit<CollectorKeyView, "createdAt" | "lastUsedAt" | "expiresAt" | "revoked"> & {
  collectorId: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  reason: string | null;
};

/** The keys of all collectors by collector, live and past, newest first. */
const readKeys = async (sql: Sql): Promise<Map<string, CollectorKeyView[]>> => {
  const rows = await sql<KeyRow[]>`
    select k.collector_id as "collectorId", k.id, k.prefix, k.scopes, k.created_at as "createdAt", u.name as "createdBy",
      k.last_used_at as "lastUsedAt", k.last_used_ip as "lastUsedIp", k.expires_at as "expiresAt",
      k.revoked_at as "revokedAt", k.revoked_reason as reason
    from collector_keys k left join users u on u.id = k.created_by order by k.created_at desc`;
  const toView = ({ collectorId: _, revokedAt, reason, ...key }: KeyRow): CollectorKeyView => ({
    ...key,
    createdAt: key.createdAt.toISOString(),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revoked: revokedAt && { at: revokedAt.toISOString(), reason },
  });
  return new Map([...Map.groupBy(rows, ({ collectorId }) => collectorId)].map(([id, keys]) => [id, keys.map(toView)]));
};

/** How much of each collector waits in quarantine for a decision. */
const countQuarantined = async (sql: Sql): Promise<Map<string, number>> => {
  const rows = await sql<{ collectorId: string; count: number }[]>`
    select c.id as "collectorId", counted.count from collectors c cross join lateral (
      select count(*)::int as count from (
        select 1 from quarantine q
        where q.collector_id = c.id and not exists (select 1 from quarantine_decisions d where d.quarantine_id = q.id)
        limit ${QUARANTINED_MAX}) undecided) counted`;
  return new Map(rows.map(({ collectorId, count }) => [collectorId, count]));
};

const lanesOf = (heartbeat: Heartbeat | null): CollectorView["lanes"] => {
  const { lanes, drainSeconds = null, imageSecondsLeft = null } = heartbeat?.buffer ?? {};
  if (!lanes) return null;
  const toLane = ({ rows, oldestAt }: typeof lanes.metadata) => ({ rows: Math.round(rows), oldestAt });
  return { metadata: toLane(lanes.metadata), images: toLane(lanes.images), drainSeconds, imageSecondsLeft };
};

type Surroundings = Pick<CollectorView, "keys" | "quarantined" | "health" | "perMinute" | "delaySeconds"> & {
  cameras: CameraRow[];
};

const rowToView = (row: CollectorRow, { cameras, ...rest }: Surroundings, nowMs: number): CollectorView => {
  const { heartbeat } = row;
  const offsetMs = clockOffsetMs({ heartbeat, heartbeatAt: row.lastHeartbeatAt });
  const statuses = new Map(heartbeat?.cameras.map((camera) => [camera.cameraId, camera.status]));
  return {
    id: row.id,
    name: row.name,
    state: stateOf(row, nowMs),
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    lastHeartbeatAt: row.lastHeartbeatAt?.toISOString() ?? null,
    version: heartbeat?.version ?? null,
    protocol: heartbeat?.protocol ?? null,
    queue: heartbeat && { rows: Math.round(waitingRows(heartbeat)), oldestAt: heartbeat.buffer.oldestAt },
    diskUsed: heartbeat?.disk ? 1 - heartbeat.disk.freeBytes / Math.max(1, heartbeat.disk.totalBytes) : null,
    temperature: heartbeat?.temperature ?? null,
    throttled: heartbeat?.throttled ?? null,
    lanes: lanesOf(heartbeat),
    clockOffsetMs: offsetMs,
    signed: row.signed,
    ...rest,
    cameras: cameras.map((camera) => ({
      id: camera.id,
      name: camera.name,
      area: camera.area,
      approved: camera.approved,
      status: statuses.get(camera.key) ?? null,
      lastDetectionAt: camera.lastDetectionAt?.toISOString() ?? null,
    })),
  };
};

/** All collectors by name, with their cameras; for whoever manages them with their keys and what waits in quarantine. */
export const readCollectors = async (sql: Sql, asked: { keys: boolean }): Promise<CollectorView[]> => {
  const nowMs = Date.now();
  const [collectors, keys, quarantined, cameras, open, counts, delays] = await Promise.all([
    sql<CollectorRow[]>`select id, name, revoked_at as "revokedAt", last_seen_at as "lastSeenAt",
      last_heartbeat_at as "lastHeartbeatAt", heartbeat, device_key is not null as signed from collectors order by lower(name)`,
    asked.keys ? readKeys(sql) : new Map<string, CollectorKeyView[]>(),
    asked.keys ? countQuarantined(sql) : null,
    sql<CameraRow[]>`select id, collector_id as "collectorId", key, name, area, approved_at is not null as approved,
      last_detection_at as "lastDetectionAt" from cameras order by lower(name)`,
    readOpenAlerts(sql, null),
    sql<{ collectorId: string; minutesAgo: number; count: number }[]>`
      select collector_id as "collectorId", floor(extract(epoch from now() - received_at) / 60)::int as "minutesAgo", count(*)::int as count
      from evidence_payloads where received_at > now() - make_interval(mins => ${MINUTES_SHOWN}) group by 1, 2`,
    sql<{ collectorId: string; seconds: number }[]>`
      select collector_id as "collectorId", extract(epoch from percentile_cont(0.5) within group (order by received_at - detected_at))::float8 as seconds
      from evidence_payloads where received_at > now() - interval '10 minutes'
        and received_at - detected_at < make_interval(secs => ${LATE_AFTER_MS / 1000}) group by 1`,
  ]);
  const camerasByCollector = Map.groupBy(cameras, ({ collectorId }) => collectorId);
  const openByCollector = Map.groupBy(open, ({ collectorId }) => collectorId);
  const delayByCollector = new Map(delays.map(({ collectorId, seconds }) => [collectorId, Math.max(0, seconds)]));
  const perMinuteByCollector = new Map(
    collectors.map(({ id }) => [id, Array.from({ length: MINUTES_SHOWN }, () => 0)]),
  );
  for (const { collectorId, minutesAgo, count } of counts) {
    const perMinute = perMinuteByCollector.get(collectorId);
    if (perMinute && minutesAgo >= 0 && minutesAgo < MINUTES_SHOWN) perMinute[MINUTES_SHOWN - 1 - minutesAgo] = count;
  }
  return collectors.map((row) =>
    rowToView(
      row,
      {
        keys: keys.get(row.id) ?? [],
        quarantined: quarantined && (quarantined.get(row.id) ?? 0),
        cameras: camerasByCollector.get(row.id) ?? [],
        health: (openByCollector.get(row.id) ?? []).map(toHealthAlert),
        perMinute: perMinuteByCollector.get(row.id) ?? [],
        delaySeconds: delayByCollector.get(row.id) ?? null,
      },
      nowMs,
    ),
  );
};
