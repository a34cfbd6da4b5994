/**
 * Detections by place, time and vehicle, newest first: what a witness knows who saw no plate.
 * Rule: one short index scan per camera, merged; a filter that fits nothing ends with the time that was asked for.
 */
import type { SearchFilters } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { askInTime } from "./ask-in-time.ts";
import { cameraFits, detectionFits } from "./filters.ts";
import { type Looker, reachOf } from "./reach.ts";
import { type DetectionPage, readCursor, toPage } from "./recent.ts";
import { type DetectionRow, detectionColumns, detectionJoins } from "./view.ts";

export type Find = {
  filters: SearchFilters;
  /** Those alone of which no plate was read. */
  unread: boolean;
  cursor?: string | undefined;
  limit: number;
};

/** Reads one page. @throws AppError too_slow when it takes too long */
export const findDetections = async (
  sql: Sql,
  find: Find,
  looker: Looker,
  signal?: AbortSignal,
): Promise<DetectionPage> => {
  const { at, id } = readCursor(find.cursor);
  const limit = find.limit + 1;
  const reach = reachOf(looker);
  const rows = await askInTime(
    sql,
    (on) => on<DetectionRow[]>`
    select ${detectionColumns(sql)} from (
      select d.* from cameras c cross join lateral (
        select d.* from detections d
        where d.camera_id = c.id and not d.is_test and (d.detected_at, d.id) < (${at}, ${id}::uuid)
          and ${detectionFits(sql, find.filters, reach)} and ${find.unread ? sql`d.plate = ''` : sql`true`}
        order by d.detected_at desc, d.id desc limit ${limit}) d
      where ${cameraFits(sql, find.filters, reach)}
      order by d.detected_at desc, d.id desc limit ${limit}) d
    ${detectionJoins(sql)} order by d.detected_at desc, d.id desc`,
    { signal },
  );
  return toPage(rows, find.limit);
};
