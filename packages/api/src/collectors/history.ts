/**
 * One collector's last 24 hours: what it sent, what is usual, and what was wrong.
 * Rule: hours are those in which the cameras saw something, not those in which it arrived.
 */
import type { CollectorHistory } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { readHours } from "./expected.ts";
import { type HealthAlertRow, healthAlertColumns, toHealthAlert } from "./health-alerts.ts";

const HOURS = 24;
/** What is told of a collector that is badly ill. */
const ALERTS_MAX = 100;

/** @throws AppError not_found */
export const readHistory = async (sql: Sql, id: string, now: Date = new Date()): Promise<CollectorHistory> => {
  const [collectors, cameras, counts, hours, alerts] = await Promise.all([
    sql`select 1 from collectors where id = ${id}`,
    sql<{ id: string }[]>`select id from cameras where collector_id = ${id} order by lower(name)`,
    sql<{ ago: number; count: number }[]>`
      select extract(epoch from date_trunc('hour', ${now}::timestamptz, 'UTC') - h.hour)::int / 3600 as ago, sum(h.detections)::int as count
      from camera_hours h join cameras c on c.id = h.camera_id
      where c.collector_id = ${id} and h.hour > ${now}::timestamptz - make_interval(hours => ${HOURS}) and h.hour <= ${now}
      group by 1`,
    readHours(sql, id, now),
    sql<HealthAlertRow[]>`
      select ${healthAlertColumns(sql)} from health_alerts h left join cameras m on m.id = h.camera_id
      where h.collector_id = ${id} and coalesce(h.resolved_at, 'infinity') > ${now}::timestamptz - make_interval(hours => ${HOURS})
      order by h.opened_at desc, h.id limit ${ALERTS_MAX}`,
  ]);
  if (collectors.length === 0) throw new AppError("not_found", "There is no collector with this id.");
  const byAge = new Map(counts.map(({ ago, count }) => [ago, count]));
  return {
    perHour: Array.from({ length: HOURS }, (_, index) => byAge.get(HOURS - 1 - index) ?? 0),
    cameras: cameras.map((camera) => ({
      id: camera.id,
      actual: hours.get(camera.id)?.actual ?? 0,
      expected: hours.get(camera.id)?.expected ?? null,
    })),
    alerts: alerts.map(toHealthAlert),
  };
};
