/**
 * How much a camera sees in this hour, and how much it usually has by now.
 * Rule: judged by the same hour of the last seven days, and by nothing while fewer than three of them are known.
 */
import type { Queryable } from "@chaverim/db/open";

/** A week: every weekday counts once. */
const DAYS = 7;
/** Two days may both have been a holiday. */
const KNOWN_DAYS_MIN = 3;

export type HourOfCamera = {
  actual: number;
  /** Usual by now in this hour; null while too few days are known. */
  expected: number | null;
};

/**
 * Reads this hour of cameras by their ids; one that never saw anything is left out.
 * @param collectorId of one collector; null of all
 */
export const readHours = async (
  sql: Queryable,
  collectorId: string | null,
  now: Date,
): Promise<Map<string, HourOfCamera>> => {
  // A day is known when the camera saw anything in the 24 hours that end with the same hour: a quiet hour counts as none.
  const rows = await sql<{ cameraId: string; actual: number; days: number; total: number; elapsed: number }[]>`
    with this as (select date_trunc('hour', ${now}::timestamptz, 'UTC') as hour),
      seen as (
        select h.camera_id, h.detections, extract(epoch from this.hour - h.hour)::int / 3600 as ago
        from camera_hours h cross join this
        where h.hour > this.hour - make_interval(days => ${DAYS + 1}) and h.hour <= this.hour
          ${collectorId === null ? sql`` : sql`and h.camera_id in (select id from cameras where collector_id = ${collectorId})`})
    select camera_id as "cameraId", coalesce(sum(detections) filter (where ago = 0), 0)::int as actual,
      count(distinct ago / 24) filter (where ago >= 24)::int as days,
      coalesce(sum(detections) filter (where ago >= 24 and ago % 24 = 0), 0)::int as total,
      extract(epoch from ${now}::timestamptz - (select hour from this))::float8 / 3600 as elapsed
    from seen group by camera_id`;
  return new Map(
    rows.map(({ cameraId, actual, days, total, elapsed }) => [
      cameraId,
      { actual, expected: days < KNOWN_DAYS_MIN ? null : (total / days) * elapsed },
    ]),
  );
};
