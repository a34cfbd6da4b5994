/**
 * One plate's detections, newest first, with those of its look-alikes when they are asked for.
 * Rule: keyset paging on (detected_at, id), never an offset and never a count.
 */
import { foldPlate } from "@chaverim/contracts";
import type { Fragment, Queryable, Sql } from "@chaverim/db/open";
import { detectionsOfPlate } from "./of-plate.ts";
import { type Looker, detectionInReach, reachOf } from "./reach.ts";
import { type DetectionPage, readCursor, toPage } from "./recent.ts";
import { type DetectionRow, detectionColumns, detectionJoins } from "./view.ts";

/** Of more look-alikes than these, those seen last count: nobody tells them apart by eye any more. */
const LOOK_ALIKES_MAX = 50;

export type PlateAsked = {
  /** Normalised. */
  plate: string;
  lookAlikes?: boolean | undefined;
  cameraId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** The plates that are meant, as a select with the one column `plate`. */
const platesMeant = (sql: Queryable, { plate, lookAlikes }: PlateAsked) =>
  lookAlikes === true
    ? sql`(select plate from plates where folded = ${foldPlate(plate)} order by last_seen desc limit ${LOOK_ALIKES_MAX})`
    : sql`(select ${plate}::text collate "C" as plate)`;

/** Detections `d` of what was asked for, at most `limit` of each plate in this order; to be ordered again. */
export const detectionsAsked = (
  sql: Queryable,
  asked: PlateAsked,
  looker: Looker,
  page: { where: Fragment; order: "asc" | "desc"; limit: number },
) => {
  const { cameraId, from, to } = asked;
  const where = sql`${detectionInReach(sql, reachOf(looker))}
    and ${cameraId === undefined ? sql`true` : sql`d.camera_id = ${cameraId}`}
    and ${from === undefined ? sql`true` : sql`d.detected_at >= ${from}::timestamptz`}
    and ${to === undefined ? sql`true` : sql`d.detected_at < ${to}::timestamptz`}
    and ${page.where}`;
  return sql`${platesMeant(sql, asked)} meant
    cross join lateral (${detectionsOfPlate(sql, { plate: sql`meant.plate`, ...page, where })}) d`;
};

/** Reads one page. */
export const readTimeline = async (
  sql: Sql,
  asked: PlateAsked & { cursor?: string | undefined; limit: number },
  looker: Looker,
): Promise<DetectionPage> => {
  const { at, id } = readCursor(asked.cursor);
  const limit = asked.limit + 1;
  const before = sql`(d.detected_at, d.id) < (${at}, ${id}::uuid)`;
  const rows = await sql<DetectionRow[]>`
    select ${detectionColumns(sql)} from (
      select d.* from ${detectionsAsked(sql, asked, looker, { where: before, order: "desc", limit })}
      order by d.detected_at desc, d.id desc limit ${limit}) d
    ${detectionJoins(sql)} order by d.detected_at desc, d.id desc`;
  return toPage(rows, asked.limit);
};
