/**
 * Everything that is known of one plate: when and where it was seen, who watches it, what people noted and corrected.
 * Rule: each number can be opened as rows of the timeline; what a person said of a reading stands beside it.
 */
import type { PlateView } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { type Ask, lookInTime } from "../detections/ask-in-time.ts";
import { type Looker, reachOf } from "../detections/reach.ts";
import { detectionsAsked } from "../detections/timeline.ts";
import { type DetectionRow, detectionColumns, detectionJoins, detectionToView } from "../detections/view.ts";
import { readWatched } from "./watched.ts";

/** The habits of a car show in its newest thousands; a bus that passes every ten minutes has a hundred thousand. */
const PATTERN_MAX = 5000;
const NOTES_MAX = 200;

type CameraRow = Omit<PlateView["cameras"][number], "lastSeen"> & { lastSeen: Date };

/** Sightings by camera and hour of the day, the camera with most first. */
const readPattern = async (
  ask: Ask,
  plate: string,
  looker: Looker,
  timeZone: string,
): Promise<PlateView["cameras"]> => {
  const rows = await ask((on) => {
    const first = on`d.duplicate_of is null`;
    return on<CameraRow[]>`
      with seen as (
        select d.camera_id, d.detected_at, extract(hour from d.detected_at at time zone ${timeZone})::int as hour
        from ${detectionsAsked(on, { plate }, looker, { where: first, limit: PATTERN_MAX })} d),
      hours as (select camera_id, hour, count(*)::int as n from seen group by camera_id, hour),
      cameras_seen as (select camera_id, count(*)::int as sightings, max(detected_at) as last_seen from seen group by camera_id)
      select c.id, c.name, c.area, s.sightings, s.last_seen as "lastSeen",
        (select array_agg(coalesce(h.n, 0) order by clock.hour) from generate_series(0, 23) clock(hour)
          left join hours h on h.camera_id = c.id and h.hour = clock.hour) as hours
      from cameras_seen s join cameras c on c.id = s.camera_id order by s.sightings desc, c.name`;
  });
  return rows.map((row) => ({ ...row, lastSeen: row.lastSeen.toISOString() }));
};

const readLatest = (ask: Ask, plate: string, looker: Looker) =>
  ask(
    (on) => on<DetectionRow[]>`
      select ${detectionColumns(on)} from ${detectionsAsked(on, { plate }, looker, { where: on`true`, limit: 1 })} d
      ${detectionJoins(on)}`,
  );

type Seen = { sightings: number; firstSeen: Date; lastSeen: Date };

/** As the dictionary has it; a plate that stood in a correction alone which was corrected itself was never seen. */
const readSeen = (ask: Ask, plate: string) =>
  ask(
    (on) => on<Seen[]>`select sightings::float8 as sightings, first_seen as "firstSeen", last_seen as "lastSeen"
      from plates where plate = ${plate} and sightings > 0`,
  );

const readNotes = (ask: Ask, plate: string) =>
  ask(
    (on) => on<(Omit<PlateView["notes"][number], "at"> & { at: Date })[]>`
      select n.id, n.text, u.name as by, n.noted_at as at from plate_notes n join users u on u.id = n.noted_by
      where n.plate = ${plate} order by n.noted_at desc, n.id desc limit ${NOTES_MAX}`,
  );

const readCorrections = (ask: Ask, plate: string) =>
  ask(
    (on) => on<(Omit<PlateView["corrections"][number], "at"> & { at: Date })[]>`
      select r.detection_id as "detectionId", r.observed, r.corrected, r.reason, u.name as by, r.corrected_at as at
      from reading_corrections r join users u on u.id = r.corrected_by
      where r.corrected = ${plate} or r.observed = ${plate} order by r.corrected_at desc, r.id desc limit ${NOTES_MAX}`,
  );

/**
 * Reads what is known of a plate; one that was never seen has no sightings, and may have notes and entries. For people who
 * reach everything.
 * @throws AppError too_slow when it takes too long
 */
export const readPlate = async (
  sql: Sql,
  plate: string,
  looker: Looker,
  timeZone: string,
  signal?: AbortSignal,
): Promise<PlateView> => {
  const look = (ask: Ask) =>
    Promise.all([
      readSeen(ask, plate),
      readPattern(ask, plate, looker, timeZone),
      readLatest(ask, plate, looker),
      readWatched(ask, [plate], reachOf(looker)),
      readNotes(ask, plate),
      readCorrections(ask, plate),
    ]);
  const [[seen], cameras, [newest], watched, notes, corrections] = await lookInTime(sql, look, {
    signal,
    plan: "generic",
  });
  return {
    plate,
    sightings: seen?.sightings ?? 0,
    firstSeen: seen?.firstSeen.toISOString() ?? null,
    lastSeen: seen?.lastSeen.toISOString() ?? null,
    latest: newest ? detectionToView(newest, looker) : null,
    cameras,
    entries: watched(plate).map((entry) => ({ ...entry, expiresAt: entry.expiresAt.toISOString() })),
    notes: notes.map((note) => ({ ...note, at: note.at.toISOString() })),
    corrections: corrections.map((correction) => ({ ...correction, at: correction.at.toISOString() })),
  };
};

/** Adds a note. */
export const addNote = async (sql: Sql, plate: string, text: string, userId: string): Promise<void> => {
  await sql`insert into plate_notes (plate, text, noted_by) values (${plate}, ${text}, ${userId})`;
};
