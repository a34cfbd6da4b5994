/**
 * Which other plates passed the same cameras at the same time: a convoy.
 * Rule: once is chance; a companion was met at several cameras, and each meeting can be opened.
 */
import { type Companion, MEETING_CAMERAS, MEETING_SECONDS } from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { askInTime } from "../detections/ask-in-time.ts";
import { detectionsOfPlate } from "../detections/of-plate.ts";

/** The newest sightings of the plate that are looked at: months of a car that passes several times a day. */
const SIGHTINGS_MAX = 1000;
const COMPANIONS_MAX = 50;
const EXAMPLES_MAX = 5;

export type SeenWithAsked = { plate: string; from?: string | undefined; to?: string | undefined };

type Row = Omit<Companion, "lastMetAt" | "examples"> & { lastMetAt: Date; examples: Companion["examples"] };

/**
 * Reads the companions of a plate, those at most cameras first. For people who reach everything.
 * @throws AppError too_slow when it takes too long
 */
export const readSeenWith = async (
  sql: Sql,
  { plate, from, to }: SeenWithAsked,
  signal?: AbortSignal,
): Promise<Companion[]> => {
  const inTime = (on: Queryable) => on`d.duplicate_of is null
    and ${from === undefined ? on`true` : on`d.detected_at >= ${from}::timestamptz`}
    and ${to === undefined ? on`true` : on`d.detected_at < ${to}::timestamptz`}`;
  const rows = await askInTime(
    sql,
    (on) => on<Row[]>`
    with seen as materialized (
      select d.id, d.camera_id, d.detected_at
      from (${detectionsOfPlate(on, { plate: on`${plate}`, where: inTime(on), newest: SIGHTINGS_MAX })}) d
      order by d.detected_at desc limit ${SIGHTINGS_MAX}),
    met as (
      select coalesce(correction.corrected, o.plate) as plate, s.camera_id, o.detected_at,
        abs(extract(epoch from o.detected_at - s.detected_at))::float8 as apart
      from seen s cross join lateral (
        select d.id, d.plate, d.detected_at from detections d
        where d.camera_id = s.camera_id
          and d.detected_at between s.detected_at - make_interval(secs => ${MEETING_SECONDS})
            and s.detected_at + make_interval(secs => ${MEETING_SECONDS})
          and d.id <> s.id and d.plate <> '' and d.duplicate_of is null) o
      left join lateral (select r.corrected from reading_corrections r where r.detection_id = o.id
        order by r.corrected_at desc, r.id desc limit 1) correction on true)
    select m.plate, count(distinct m.camera_id)::int as cameras, count(*)::int as meetings, max(m.detected_at) as "lastMetAt",
      (array_agg(jsonb_build_object('cameraId', m.camera_id, 'cameraName', c.name,
        'at', to_char(m.detected_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'secondsApart', m.apart)
        order by m.detected_at desc))[1:${EXAMPLES_MAX}::int] as examples
    from met m join cameras c on c.id = m.camera_id where m.plate <> ${plate}
    group by m.plate having count(distinct m.camera_id) >= ${MEETING_CAMERAS}
    order by cameras desc, meetings desc, "lastMetAt" desc, m.plate limit ${COMPANIONS_MAX}`,
    // Planned once for all plates it would read a whole camera for each sighting: 700 ms instead of 5.
    { signal, plan: "custom" },
  );
  return rows.map((row) => ({ ...row, lastMetAt: row.lastMetAt.toISOString() }));
};
