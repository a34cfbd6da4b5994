/**
 * Where a plate was, stop by stop, oldest first.
 * Rule: first readings alone: what a camera read again within half a minute is the same stop.
 */
import type { Stop } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import type { Looker } from "../detections/reach.ts";
import { type PlateAsked, detectionsAsked } from "../detections/timeline.ts";

/** A year of one car at six cameras a day; a map that draws more shows nothing. */
const STOPS_MAX = 2000;

export type RouteStop = Stop & { cameraName: string; heading: number | null; plate: string };
type Row = Omit<RouteStop, "at" | "position"> & { at: Date; lat: number | null; lon: number | null };

/** Reads the newest stops of a time, in the order in which they were made. */
export const readRoute = async (
  sql: Sql,
  asked: PlateAsked,
  looker: Looker,
): Promise<{ stops: RouteStop[]; truncated: boolean }> => {
  const limit = STOPS_MAX + 1;
  const first = sql`d.duplicate_of is null`;
  const rows = await sql<Row[]>`
    select d.id as "detectionId", d.plate, c.id as "cameraId", c.name as "cameraName", c.heading, c.lat, c.lon, d.detected_at as at
    from (select d.* from ${detectionsAsked(sql, asked, looker, { where: first, order: "desc", limit })}
      order by d.detected_at desc, d.id desc limit ${limit}) d
    join cameras c on c.id = d.camera_id order by d.detected_at desc, d.id desc`;
  const stops = rows.slice(0, STOPS_MAX).map(({ at, lat, lon, ...row }): RouteStop => ({
    ...row,
    at: at.toISOString(),
    position: lat === null || lon === null ? null : { lat, lon },
  }));
  return { stops: stops.toReversed(), truncated: rows.length > STOPS_MAX };
};
