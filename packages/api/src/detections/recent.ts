/**
 * Detections newest first: of one camera, or of all, as far as the person reaches.
 * Rule: keyset paging on (detected_at, id), never an offset and never a count; a test of a camera is no detection to a reader.
 */
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { type Looker, cameraInReach, reachOf, timeInReach } from "./reach.ts";
import { type DetectionRow, detectionColumns, detectionJoins } from "./view.ts";

export type RecentQuery = {
  cameraId?: string | undefined;
  cursor?: string | undefined;
  limit: number;
  /** Nothing older than this; left out, there is no such limit. */
  since?: Date;
};

export type DetectionPage = { rows: DetectionRow[]; cursor: string | null };

/** As `toPage` writes it; PostgreSQL has no year 0. */
const CURSOR = /^((?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** Before everything that exists: the first page. */
const FIRST = { at: new Date("9999-12-31T00:00:00Z"), id: "ffffffff-ffff-ffff-ffff-ffffffffffff" };

/** Where a page begins; in the far future without a cursor. @throws AppError invalid */
export const readCursor = (cursor: string | undefined) => {
  if (cursor === undefined) return FIRST;
  const parts = CURSOR.exec(cursor);
  const at = new Date(parts?.[1] ?? "");
  if (!parts?.[2] || Number.isNaN(at.getTime()))
    throw new AppError("invalid", "This page of the list is not known. Start again from the newest.");
  return { at, id: parts[2] };
};

/** Cuts what was read to one page. @param rows one more than the limit when there is a next page */
export const toPage = (rows: readonly DetectionRow[], limit: number): DetectionPage => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page,
    cursor: rows.length > limit && last ? `${last.detectedAt.toISOString()}_${last.id}` : null,
  };
};

/**
 * Reads one page.
 * @returns the rows and the cursor of the next page, null at the end
 */
export const readRecent = async (sql: Sql, query: RecentQuery, looker: Looker): Promise<DetectionPage> => {
  const { at, id } = readCursor(query.cursor);
  const limit = query.limit + 1;
  const reach = reachOf(looker);
  const newest = sql`(d.detected_at, d.id) < (${at}, ${id}::uuid)
    ${query.since ? sql`and d.detected_at >= ${query.since}` : sql``} order by d.detected_at desc, d.id desc limit ${limit}`;
  // One short index scan per camera, merged: there is no index over all cameras, and none is needed.
  const found = sql`select d.* from cameras c, lateral (
    select d.* from detections d where d.camera_id = c.id and not d.is_test and ${timeInReach(sql, reach)} and ${newest}) d
    where ${query.cameraId ? sql`c.id = ${query.cameraId}` : sql`true`} and ${cameraInReach(sql, reach)}`;
  const rows = await sql<DetectionRow[]>`
    select ${detectionColumns(sql)} from (${found}) d ${detectionJoins(sql)}
    order by d.detected_at desc, d.id desc limit ${limit}`;
  return toPage(rows, query.limit);
};
