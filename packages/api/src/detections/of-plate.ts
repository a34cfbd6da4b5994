/**
 * The detections of a plate: those that were read so, and those that a person says were.
 * Rule: a corrected reading is found by both plates; of several corrections of one detection the newest counts.
 */
import type { Fragment, Queryable } from "@chaverim/db/open";

/** Corrections `r` of detections `d` that stand: nobody has corrected them since. */
export const standingCorrections = (sql: Queryable) => sql`reading_corrections r
  join detections d on d.plate = r.observed and d.detected_at = r.detected_at and d.id = r.detection_id
    and r.corrected <> r.observed and not exists (select 1 from reading_corrections later
      where later.detection_id = r.detection_id and (later.corrected_at, later.id) > (r.corrected_at, r.id))`;

/**
 * A select of detections `d`, to stand in a `lateral`.
 * @param plate an expression that gives the plate
 * @param where a condition on `d`
 * @param newest left out, all of them in no order; otherwise at most so many of each kind, the newest
 */
export const detectionsOfPlate = (
  sql: Queryable,
  { plate, where, newest }: { plate: Fragment; where: Fragment; newest?: number },
) => {
  const end = newest === undefined ? sql`` : sql`order by d.detected_at desc, d.id desc limit ${newest}`;
  return sql`
    (select d.* from detections d where d.plate = ${plate} and ${where} ${end})
    union all
    (select d.* from ${standingCorrections(sql)} where r.corrected = ${plate} and ${where} ${end})`;
};
