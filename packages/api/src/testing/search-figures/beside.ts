/**
 * What lies beside the detections of a year: images, corrections of readings, watchlists, alerts, notes, the access log.
 * Rule: as much as real data has of what searches read; the exact bytes of evidence are left out, for no search reads them.
 */
import type { Sql } from "@chaverim/db/open";
import { edit } from "./misreading.ts";
import { BUSY_PLATES, CONVOYS, busyPlate, convoyPlates, createRandom, neverSeenPlate, plateOf } from "./traffic.ts";

/** A reading that a person may correct. */
export type Misreading = { id: string; observed: string; meant: string; atMs: number; cameraId: string };

/** One correction in five was wrong itself, and one in twenty was taken back. */
const SUPERSEDED = 0.2;
const TAKEN_BACK = 0.05;
const HOUR_MS = 3_600_000;
const LISTS = 6;
const ENTRIES = 5000;
/** Regulars on lists: at most so many, and one in a hundred. */
const LISTED = 2500;
const LISTED_SHARE = 0.01;
/** Fewer than an organisation may have; each is tried on everything. */
const PATTERNS = 150;
const ALERTS = 400;
const NOTES = 500;
const LOOKS = 20_000;

/** Two of each detection, in the order in which they came. */
const seedImages = (sql: Sql) => sql`
  insert into evidence_images (detection_id, role, sha256, bytes, received_at)
  select id, role, sha256(uuid_send(id) || role::bytea), case role when 'full' then 80000 else 20000 end, received_at
  from (select d.id, d.received_at, unnest(array['full', 'crop']) as role from detections d) images`;

/** Somebody who can never sign in. */
const makePerson = async (sql: Sql): Promise<string> => {
  const [person] = await sql<{ id: string }[]>`
    insert into users (email, name, role, trained_on, password_hash, totp_secret)
    values ('seed@example.org', 'Seed', 'operator', current_date, 'none', '\\x00') returning id`;
  return person?.id ?? "";
};

const seedCorrections = async (sql: Sql, misreadings: readonly Misreading[], personId: string, seed: number) => {
  const random = createRandom(seed);
  const rows = misreadings.flatMap(({ id, observed, meant, atMs, cameraId }) => {
    const kind = random();
    const spellings =
      kind < SUPERSEDED ? [edit(meant, random), meant] : kind < SUPERSEDED + TAKEN_BACK ? [meant, observed] : [meant];
    return spellings.map((corrected, place) => ({
      detection_id: id,
      observed,
      detected_at: new Date(atMs).toISOString(),
      camera_id: cameraId,
      corrected,
      corrected_at: new Date(atMs + (place + 1) * HOUR_MS).toISOString(),
    }));
  });
  await sql`
    insert into reading_corrections (detection_id, observed, detected_at, camera_id, corrected, reason, corrected_by, corrected_at)
    select r.detection_id, r.observed, r.detected_at, r.camera_id, r.corrected, 'Seen on the picture', ${personId}, r.corrected_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(detection_id uuid, observed text, detected_at timestamptz,
      camera_id uuid, corrected text, corrected_at timestamptz)`;
  // As detections/correct.ts does it with each.
  await sql`
    insert into plates (plate, folded, first_seen, last_seen, sightings)
    select corrected, fold_plate(corrected), min(detected_at), max(detected_at), count(*)
    from reading_corrections where corrected <> observed group by corrected
    on conflict (plate) do update set sightings = plates.sightings + excluded.sightings,
      first_seen = least(plates.first_seen, excluded.first_seen), last_seen = greatest(plates.last_seen, excluded.last_seen)`;
};

const strategyOf = (place: number): string => {
  if (place < PATTERNS) return "pattern";
  if (place % 20 === 0) return "near";
  return place % 3 === 0 ? "look-alike" : "exact";
};

/** Some of what is planted, some regulars, and for the most part cars that never come. */
const seedWatchlists = async (sql: Sql, regulars: number, personId: string, seed: number): Promise<void> => {
  const random = createRandom(seed);
  const listed = Math.min(LISTED, Math.floor(regulars * LISTED_SHARE));
  const watched = [
    ...Array.from({ length: BUSY_PLATES / 4 }, (_, index) => busyPlate(index * 4)),
    ...Array.from({ length: CONVOYS / 5 }, (_, index) => convoyPlates(index * 5)[1]),
    ...Array.from({ length: listed }, () => plateOf(Math.floor(regulars * random()))),
  ];
  const entries = Array.from({ length: ENTRIES }, (_, place) => {
    const plate = watched[place - PATTERNS] ?? neverSeenPlate(place);
    const match = strategyOf(place);
    return { list: place % LISTS, match, plate: match === "pattern" ? `${plate.slice(0, 5)}*` : plate };
  });
  await sql`
    with lists as (
      insert into watchlists (name, priority, field) select 'List ' || n, 1 + n % 3, n % 2 = 0
      from generate_series(0, ${LISTS - 1}) n returning id, name)
    insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, added_by, expires_at, removed_at)
    select l.id, e.plate, e.plate, 'Looked for', e.match, ${personId},
      case when e.place % 10 = 0 then now() - interval '1 day' else now() + interval '30 days' end,
      case when e.place % 17 = 0 then now() - interval '2 days' end
    from unnest(${entries.map(({ list }) => list)}::int[], ${entries.map(({ plate }) => plate)}::text[],
      ${entries.map(({ match }) => match)}::text[]) with ordinality e(list, plate, match, place)
    join lists l on l.name = 'List ' || e.list`;
};

/** The newest twenty of each watched plate, the newest of them all first. */
const seedAlerts = (sql: Sql, personId: string) => sql`
  insert into alerts (change, detection_id, plate, detected_at, entry_id, priority, match, late, state, created_at,
    acknowledged_at, acknowledged_by)
  select nextval('alert_changes'), d.id, d.plate, d.detected_at, e.id, w.priority, '{"kind": "exact", "differences": []}', false,
    'acknowledged', d.detected_at + interval '1 second', d.detected_at + interval '1 minute', ${personId}
  from watchlist_entries e join watchlists w on w.id = e.watchlist_id cross join lateral (
    select * from detections where plate = e.normalized order by detected_at desc limit 20) d
  where e.match <> 'pattern' and e.removed_at is null order by d.detected_at desc limit ${ALERTS}`;

const seedNotes = (sql: Sql, personId: string) => sql`
  insert into plate_notes (plate, text, noted_by)
  select (${Array.from({ length: BUSY_PLATES }, (_, index) => busyPlate(index))}::text[])[1 + n % ${BUSY_PLATES}::int], 'Note ' || n,
    ${personId} from generate_series(1, ${NOTES}) n`;

const seedLooks = (sql: Sql, personId: string) => sql`
  insert into access_log (request_id, organisation, action, filters, outcome, policy_version, offline, plate, user_id)
  select 'seed', 'Bench', 'detections.search', '{}'::jsonb, 'ok', 0, false, 'SEED' || n % 1000, ${personId}
  from generate_series(1, ${LOOKS}) n`;

const TABLES = [
  "evidence_images",
  "reading_corrections",
  "watchlists",
  "watchlist_entries",
  "alerts",
  "plate_notes",
  "access_log",
];

/**
 * Fills the tables beside detections and the dictionary.
 * @returns the rows of each table
 */
export const seedBeside = async (
  sql: Sql,
  misreadings: readonly Misreading[],
  regulars: number,
  seed: number,
): Promise<Record<string, number>> => {
  const personId = await makePerson(sql);
  await seedImages(sql);
  await seedCorrections(sql, misreadings, personId, seed);
  await seedWatchlists(sql, regulars, personId, seed);
  await seedAlerts(sql, personId);
  await seedNotes(sql, personId);
  await seedLooks(sql, personId);
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    await sql.unsafe(`vacuum analyze ${table}`).simple();
    const [row] = await sql<{ count: number }[]>`select count(*)::float8 as count from ${sql(table)}`;
    counts[table] = row?.count ?? 0;
  }
  return counts;
};
