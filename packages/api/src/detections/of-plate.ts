/**
 * The detections of a plate: those that were read so, and those that a person says were.
 * Rule: a corrected reading is found by both plates; of several corrections of one detection the newest counts.
 */
import type { Fragment, Queryable } from "@chaverim/db/open";

/**
 * A select of detections `d`, to stand in a `lateral`.
 * @param plate an expression that gives the plate
 * @param where a condition on `d`
 * @param order `desc` for the newest first
 * @param limit of rows
 */
export const detectionsOfPlate = (
  sql: Queryable,
  { plate, where, order, limit }: { plate: Fragment; where: Fragment; order: "asc" | "desc"; limit: number },
) => {
  const inOrder = order === "asc" ? sql`order by d.detected_at, d.id` : sql`order by d.detected_at desc, d.id desc`;
  return sql`
    (select d.* from detections d where d.plate = ${plate} and ${where} ${inOrder} limit ${limit})
    union all
    (select d.* from reading_corrections r
      join detections d on d.plate = r.observed and d.detected_at = r.detected_at and d.id = r.detection_id
      where r.corrected = ${plate} and r.corrected <> r.observed and ${where}
        and not exists (select 1 from reading_corrections later where later.detection_id = r.detection_id
          and (later.corrected_at, later.id) > (r.corrected_at, r.id))
      ${inOrder} limit ${limit})`;
};
