/**
 * Everything that is known of one plate: when and where it was seen, who watches it, what people noted and corrected.
 * Rule: each number can be opened as rows of the timeline; what a person said of a reading stands beside it.
 */
import type { PlateView } from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { type Looker, detectionInReach, listInReach, reachOf } from "../detections/reach.ts";
import { type PlateAsked, detectionsAsked, readTimeline } from "../detections/timeline.ts";
import { detectionToView } from "../detections/view.ts";

/** The habits of a car show in its newest thousands; a bus that passes every ten minutes has a hundred thousand. */
const PATTERN_MAX = 5000;
const NOTES_MAX = 200;

type CameraRow = Omit<PlateView["cameras"][number], "lastSeen"> & { lastSeen: Date };

/** Sightings by camera and hour of the day, the camera with most first. */
const readPattern = async (
  sql: Sql,
  plate: string,
  looker: Looker,
  timeZone: string,
): Promise<PlateView["cameras"]> => {
  const first = sql`d.duplicate_of is null`;
  const rows = await sql<CameraRow[]>`
    with seen as (
      select d.camera_id, d.detected_at, extract(hour from d.detected_at at time zone ${timeZone})::int as hour
      from ${detectionsAsked(sql, { plate }, looker, { where: first, order: "desc", limit: PATTERN_MAX })}),
    hours as (select camera_id, hour, count(*)::int as n from seen group by camera_id, hour),
    cameras_seen as (select camera_id, count(*)::int as sightings, max(detected_at) as last_seen from seen group by camera_id)
    select c.id, c.name, c.area, s.sightings, s.last_seen as "lastSeen",
      (select array_agg(coalesce(h.n, 0) order by clock.hour) from generate_series(0, 23) clock(hour)
        left join hours h on h.camera_id = c.id and h.hour = clock.hour) as hours
    from cameras_seen s join cameras c on c.id = s.camera_id order by s.sightings desc, c.name`;
  return rows.map((row) => ({ ...row, lastSeen: row.lastSeen.toISOString() }));
};

type Seen = { sightings: number; firstSeen: Date | null; lastSeen: Date | null };

/** The dictionary knows it for those who reach everything; for others it is counted. */
const readSeen = async (sql: Sql, plate: string, looker: Looker): Promise<Seen> => {
  const reach = reachOf(looker);
  const [row] =
    reach === null
      ? await sql<Seen[]>`select sightings::float8 as sightings, first_seen as "firstSeen", last_seen as "lastSeen"
          from plates where plate = ${plate}`
      : await sql<
          Seen[]
        >`select count(*)::float8 as sightings, min(d.detected_at) as "firstSeen", max(d.detected_at) as "lastSeen"
          from detections d where d.plate = ${plate} and ${detectionInReach(sql, reach)}`;
  return row ?? { sightings: 0, firstSeen: null, lastSeen: null };
};

const readEntries = (sql: Queryable, plate: string, looker: Looker) =>
  sql<(Omit<PlateView["entries"][number], "expiresAt"> & { expiresAt: Date })[]>`
    select e.id, w.name as list, w.priority, e.reason, e.expires_at as "expiresAt"
    from watchlist_entries e join watchlists w on w.id = e.watchlist_id
    where e.normalized = ${plate} and e.removed_at is null and e.expires_at > now() and ${listInReach(sql, reachOf(looker))}
    order by w.priority, e.added_at desc`;

const readNotes = (sql: Queryable, plate: string) =>
  sql<(Omit<PlateView["notes"][number], "at"> & { at: Date })[]>`
    select n.id, n.text, u.name as by, n.noted_at as at from plate_notes n join users u on u.id = n.noted_by
    where n.plate = ${plate} order by n.noted_at desc, n.id desc limit ${NOTES_MAX}`;

const readCorrections = (sql: Queryable, plate: string) =>
  sql<(Omit<PlateView["corrections"][number], "at"> & { at: Date })[]>`
    select r.detection_id as "detectionId", r.observed, r.corrected, r.reason, u.name as by, r.corrected_at as at
    from reading_corrections r join users u on u.id = r.corrected_by
    where r.corrected = ${plate} or r.observed = ${plate} order by r.corrected_at desc, r.id desc limit ${NOTES_MAX}`;

/** Reads what is known of a plate; one that was never seen has no sightings, and may have notes and entries. */
export const readPlate = async (
  sql: Sql,
  { plate }: Pick<PlateAsked, "plate">,
  looker: Looker,
  timeZone: string,
): Promise<PlateView> => {
  const [seen, cameras, latest, entries, notes, corrections] = await Promise.all([
    readSeen(sql, plate, looker),
    readPattern(sql, plate, looker, timeZone),
    readTimeline(sql, { plate, limit: 1 }, looker),
    readEntries(sql, plate, looker),
    readNotes(sql, plate),
    readCorrections(sql, plate),
  ]);
  const [newest] = latest.rows;
  return {
    plate,
    sightings: seen.sightings,
    firstSeen: seen.firstSeen?.toISOString() ?? null,
    lastSeen: seen.lastSeen?.toISOString() ?? null,
    latest: newest ? detectionToView(newest, looker) : null,
    cameras,
    entries: entries.map((entry) => ({ ...entry, expiresAt: entry.expiresAt.toISOString() })),
    notes: notes.map((note) => ({ ...note, at: note.at.toISOString() })),
    corrections: corrections.map((correction) => ({ ...correction, at: correction.at.toISOString() })),
  };
};

/** Adds a note. */
export const addNote = async (sql: Sql, plate: string, text: string, userId: string): Promise<void> => {
  await sql`insert into plate_notes (plate, text, noted_by) values (${plate}, ${text}, ${userId})`;
};
