/**
 * What is wrong with a collector or a camera, as rows: opened once, told until it is resolved, kept afterwards.
 * Rule: at most one alert of a kind is open for one collector and camera; whoever opens it again adds to what it says.
 */
import type { HEALTH_KINDS, HealthAlert } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";

export type HealthKind = (typeof HEALTH_KINDS)[number];

/** Opens an alert of a collector, or adds to the open one. */
export const openHealthAlert = (
  sql: Queryable,
  collectorId: string,
  kind: HealthKind,
  detail: Record<string, unknown>,
): Promise<unknown> => sql`
  insert into health_alerts (collector_id, kind, detail)
  values (${collectorId}, ${kind}, ${JSON.stringify(detail)}::text::jsonb)
  on conflict (collector_id, kind, coalesce(camera_id, '00000000-0000-0000-0000-000000000000')) where resolved_at is null
  do update set detail = health_alerts.detail || excluded.detail`;

/** Resolves a collector's alert of a kind, if one is open. */
export const resolveHealthAlert = (sql: Queryable, collectorId: string, kind: HealthKind): Promise<unknown> => sql`
  update health_alerts set resolved_at = now() where collector_id = ${collectorId} and kind = ${kind} and resolved_at is null`;

export type HealthAlertRow = {
  id: string;
  collectorId: string;
  kind: HealthKind;
  cameraId: string | null;
  cameraName: string | null;
  detail: Record<string, unknown>;
  openedAt: Date;
  resolvedAt: Date | null;
};

/** Columns of a `HealthAlertRow`, from `health_alerts h left join cameras m`. */
export const healthAlertColumns = (sql: Queryable) => sql`
  h.id, h.collector_id as "collectorId", h.kind, h.camera_id as "cameraId", m.name as "cameraName", h.detail,
  h.opened_at as "openedAt", h.resolved_at as "resolvedAt"`;

/** Open alerts, the newest first. @param collectorId of one collector; null of all */
export const readOpenAlerts = (sql: Queryable, collectorId: string | null): Promise<HealthAlertRow[]> =>
  sql<HealthAlertRow[]>`
    select ${healthAlertColumns(sql)} from health_alerts h left join cameras m on m.id = h.camera_id
    where h.resolved_at is null ${collectorId === null ? sql`` : sql`and h.collector_id = ${collectorId}`}
    order by h.opened_at desc, h.id`;

export const toHealthAlert = (row: HealthAlertRow): HealthAlert => ({
  id: row.id,
  kind: row.kind,
  camera: row.cameraId === null ? null : { id: row.cameraId, name: row.cameraName ?? "" },
  detail: row.detail,
  openedAt: row.openedAt.toISOString(),
  resolvedAt: row.resolvedAt?.toISOString() ?? null,
});
