/**
 * Where a plate was, stop by stop, oldest first.
 * Rule: first readings alone: what a camera read again within half a minute is the same stop.
 */
import type { Route, RouteCamera } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { askInTime } from "../detections/ask-in-time.ts";
import type { Looker } from "../detections/reach.ts";
import { type PlateAsked, detectionsAsked } from "../detections/timeline.ts";

/** A year of one car at six cameras a day; a map that draws more shows nothing. */
const STOPS_MAX = 2000;

type Row = {
  detectionId: string;
  cameraId: string;
  cameraName: string;
  lat: number | null;
  lon: number | null;
  at: Date;
};

const positionOf = ({ lat, lon }: Row): RouteCamera["position"] => (lat === null || lon === null ? null : { lat, lon });

/** @param rows oldest first */
const routeOf = (rows: readonly Row[], truncated: boolean): Route => {
  const places = new Map<string, number>();
  const cameras: RouteCamera[] = [];
  const stops = rows.map((row): Route["stops"][number] => {
    let place = places.get(row.cameraId);
    if (place === undefined) {
      place = cameras.push({ id: row.cameraId, name: row.cameraName, position: positionOf(row) }) - 1;
      places.set(row.cameraId, place);
    }
    return [place, row.at.getTime()];
  });
  return { cameras, stops, truncated };
};

/**
 * Reads the newest stops of a time, in the order in which they were made, and which detections they are of.
 * @throws AppError too_slow when it takes too long
 */
export const readRoute = async (
  sql: Sql,
  asked: PlateAsked,
  looker: Looker,
  signal?: AbortSignal,
): Promise<{ route: Route; detectionIds: string[] }> => {
  const first = sql`d.duplicate_of is null`;
  const rows = await askInTime(
    sql,
    (on) => on<Row[]>`
      select d.id as "detectionId", c.id as "cameraId", c.name as "cameraName", c.lat, c.lon, d.detected_at as at
      from ${detectionsAsked(sql, asked, looker, { where: first, limit: STOPS_MAX + 1 })} d
      join cameras c on c.id = d.camera_id order by d.detected_at desc, d.id desc`,
    { signal },
  );
  const shown = rows.slice(0, STOPS_MAX).toReversed();
  return {
    route: routeOf(shown, rows.length > STOPS_MAX),
    detectionIds: shown.map(({ detectionId }) => detectionId),
  };
};
