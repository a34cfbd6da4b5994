/**
 * One plate's detections, newest first, with those of its look-alikes when they are asked for.
 * Rule: keyset paging on (detected_at, id), never an offset and never a count.
 */
import { type SearchFilters, foldPlate } from "@chaverim/contracts";
import type { Fragment, Queryable, Sql } from "@chaverim/db/open";
import { askInTime } from "./ask-in-time.ts";
import { detectionPasses } from "./filters.ts";
import { detectionsOfPlate } from "./of-plate.ts";
import { type Looker, reachOf } from "./reach.ts";
import { type DetectionPage, readCursor, toPage } from "./recent.ts";
import { type DetectionRow, detectionColumns, detectionJoins } from "./view.ts";

/** Of more look-alikes than these, those seen last count: nobody tells them apart by eye any more. */
const LOOK_ALIKES_MAX = 50;

export type PlateAsked = {
  /** Normalised. */
  plate: string;
  lookAlikes?: boolean | undefined;
  filters?: SearchFilters | undefined;
};

/** The plates that are meant, as a select with the one column `plate`. */
const platesMeant = (sql: Queryable, { plate, lookAlikes }: PlateAsked) =>
  lookAlikes === true
    ? sql`(select plate from plates where folded = ${foldPlate(plate)} order by last_seen desc limit ${LOOK_ALIKES_MAX})`
    : sql`(select ${plate}::text collate "C" as plate)`;

/**
 * A select of detections `d` of what was asked for, the newest first, each once: one that was corrected from a look-alike to
 * another is found by both.
 */
export const detectionsAsked = (
  sql: Queryable,
  asked: PlateAsked,
  looker: Looker,
  { where, limit }: { where: Fragment; limit: number },
) => {
  const passes = sql`${detectionPasses(sql, asked.filters ?? {}, reachOf(looker))} and ${where}`;
  return sql`(select distinct on (d.detected_at, d.id) d.* from ${platesMeant(sql, asked)} meant
    cross join lateral (${detectionsOfPlate(sql, { plate: sql`meant.plate`, where: passes, newest: limit })}) d
    order by d.detected_at desc, d.id desc limit ${limit})`;
};

/** Reads one page. @throws AppError too_slow when it takes too long */
export const readTimeline = async (
  sql: Sql,
  asked: PlateAsked & { cursor?: string | undefined; limit: number },
  looker: Looker,
  signal?: AbortSignal,
): Promise<DetectionPage> => {
  const { at, id } = readCursor(asked.cursor);
  const before = sql`(d.detected_at, d.id) < (${at}, ${id}::uuid)`;
  const rows = await askInTime(
    sql,
    (on) => on<DetectionRow[]>`
      select ${detectionColumns(sql)} from ${detectionsAsked(sql, asked, looker, { where: before, limit: asked.limit + 1 })} d
      ${detectionJoins(sql)} order by d.detected_at desc, d.id desc`,
    { signal, plan: "generic" },
  );
  return toPage(rows, asked.limit);
};
