/**
 * The cameras in reach, as a map shows them: where, which way, how they are, and how much they saw in the last hours.
 * Rule: nothing of a plate; a camera that nobody placed is told of as well, so that somebody places it.
 */
import { COLLECTOR_LATE_MS, COLLECTOR_OFFLINE_MS, type MapCamera } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { type Looker, cameraInReach, reachOf } from "../detections/reach.ts";

const HOURS = 24;

type Row = Omit<MapCamera, "position" | "lastDetectionAt"> & {
  lat: number | null;
  lon: number | null;
  lastDetectionAt: Date | null;
};

/** Reads them by name. */
export const readMapCameras = async (sql: Sql, looker: Looker): Promise<MapCamera[]> => {
  const rows = await sql<Row[]>`
    select c.id, c.name, c.area, c.lat, c.lon, c.heading, c.last_detection_at as "lastDetectionAt",
      case when c.approved_at is null then 'unapproved'
        when k.last_seen_at is null or k.last_seen_at < now() - make_interval(secs => ${COLLECTOR_OFFLINE_MS / 1000}) or exists (
          select 1 from health_alerts h where h.camera_id = c.id and h.kind = 'camera_offline' and h.resolved_at is null) then 'offline'
        when k.last_seen_at < now() - make_interval(secs => ${COLLECTOR_LATE_MS / 1000}) then 'late'
        when exists (select 1 from health_alerts h where h.camera_id = c.id and h.kind = 'camera_silent' and h.resolved_at is null)
          then 'silent' else 'live' end as health,
      (select array_agg(coalesce(n.detections, 0) order by clock.hour)
        from generate_series(date_trunc('hour', now(), 'UTC') - make_interval(hours => ${HOURS - 1}),
          date_trunc('hour', now(), 'UTC'), interval '1 hour') clock(hour)
        left join camera_hours n on n.camera_id = c.id and n.hour = clock.hour) as "perHour"
    from cameras c join collectors k on k.id = c.collector_id
    where k.revoked_at is null and ${cameraInReach(sql, reachOf(looker))} order by c.name, c.id`;
  return rows.map(({ lat, lon, lastDetectionAt, ...row }) => ({
    ...row,
    position: lat === null || lon === null ? null : { lat, lon },
    lastDetectionAt: lastDetectionAt?.toISOString() ?? null,
  }));
};
