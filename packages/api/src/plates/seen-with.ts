/**
 * Which other plates passed the same cameras at the same time: a convoy.
 * Rule: once is chance; a companion was met at several cameras, and each meeting can be opened.
 */
import type { Companion } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { askInTime } from "../detections/ask-in-time.ts";

/** So far apart do cars drive that belong together, and no further. */
const WINDOW_SECONDS = 30;
/** At fewer different cameras it is the traffic of one road. */
const CAMERAS_MIN = 3;
/** The newest sightings of the plate that are looked at: months of a car that passes several times a day. */
const SIGHTINGS_MAX = 1000;
const COMPANIONS_MAX = 50;
const EXAMPLES_MAX = 5;

export type SeenWithAsked = { plate: string; from?: string | undefined; to?: string | undefined };

type Row = Omit<Companion, "lastMetAt" | "examples"> & { lastMetAt: Date; examples: Companion["examples"] };

/** Reads the companions of a plate, those at most cameras first. For people who reach everything. */
export const readSeenWith = async (
  sql: Sql,
  { plate, from, to }: SeenWithAsked,
  signal?: AbortSignal,
): Promise<Companion[]> => {
  const rows = await askInTime(
    sql,
    (transaction) => transaction<Row[]>`
    with seen as (
      select d.camera_id, d.detected_at from detections d
      where d.plate = ${plate} and d.duplicate_of is null
        and ${from === undefined ? sql`true` : sql`d.detected_at >= ${from}::timestamptz`}
        and ${to === undefined ? sql`true` : sql`d.detected_at < ${to}::timestamptz`}
      order by d.detected_at desc limit ${SIGHTINGS_MAX}),
    met as (
      select o.plate, s.camera_id, o.detected_at, abs(extract(epoch from o.detected_at - s.detected_at))::float8 as apart
      from seen s cross join lateral (
        select d.plate, d.detected_at from detections d
        where d.camera_id = s.camera_id
          and d.detected_at between s.detected_at - make_interval(secs => ${WINDOW_SECONDS})
            and s.detected_at + make_interval(secs => ${WINDOW_SECONDS})
          and d.plate <> ${plate} and d.plate <> '' and d.duplicate_of is null) o)
    select m.plate, count(distinct m.camera_id)::int as cameras, count(*)::int as meetings, max(m.detected_at) as "lastMetAt",
      (array_agg(jsonb_build_object('cameraId', m.camera_id, 'cameraName', c.name,
        'at', to_char(m.detected_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'secondsApart', m.apart)
        order by m.detected_at desc))[1:${EXAMPLES_MAX}::int] as examples
    from met m join cameras c on c.id = m.camera_id
    group by m.plate having count(distinct m.camera_id) >= ${CAMERAS_MIN}
    order by cameras desc, meetings desc, "lastMetAt" desc, m.plate limit ${COMPANIONS_MAX}`,
    signal,
  );
  return rows.map((row) => ({ ...row, lastMetAt: row.lastMetAt.toISOString() }));
};
