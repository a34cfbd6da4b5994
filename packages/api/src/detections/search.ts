/**
 * Finding plates in the dictionary: the exact reading and its look-alikes, each with the reason why.
 * Rule: the dictionary is searched, not the detections, so that the answer does not slow down with the years; for whoever
 * does not reach everything, a plate is what its detections in reach say, and without one it is no hit.
 */
import { type PlateHit, explainMatch, foldPlate, normalizePlate } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { type Looker, type Reach, detectionInReach, listInReach, reachOf } from "./reach.ts";
import { type DetectionRow, detectionColumns, detectionJoins, detectionToView } from "./view.ts";

export type SearchQuery = { plate: string; lookAlikes: boolean; limit: number };
export type SearchAnswer = { understood: { plate: string; folded: string }; hits: PlateHit[]; more: boolean };

/** Fewer characters than this fit half the dictionary. */
const SHORTEST = 2;
/** No real plate is longer; a longer text is a paste of something else. */
const LONGEST = 16;

const understand = (text: string): { plate: string; folded: string } => {
  const plate = normalizePlate(text);
  if (plate.length < SHORTEST) throw new AppError("invalid", "Type at least two letters (A–Z) or digits of the plate.");
  if (plate.length > LONGEST)
    throw new AppError("invalid", `A plate has at most ${LONGEST} letters and digits. Check what was typed.`);
  return { plate, folded: foldPlate(plate) };
};

type PlateRow = { plate: string; sightings: number; firstSeen: Date; lastSeen: Date; listed: 1 | 2 | 3 | null };

/** How often and when plates `p` were seen, as far as somebody reaches; the dictionary knows it for those who reach all. */
const seenInReach = (sql: Sql, reach: Reach) =>
  reach === null
    ? sql`select p.sightings::float8 as sightings, p.first_seen, p.last_seen`
    : sql`select count(*)::float8 as sightings, min(d.detected_at) as first_seen, max(d.detected_at) as last_seen
        from detections d where d.plate = p.plate and p.last_seen >= ${reach.since} and ${detectionInReach(sql, reach)}`;

/**
 * Searches plates.
 * @throws AppError `invalid` with a helpful sentence for what cannot be a plate
 */
export const searchPlates = async (sql: Sql, query: SearchQuery, looker: Looker): Promise<SearchAnswer> => {
  const reach = reachOf(looker);
  const understood = understand(query.plate);
  const fits = query.lookAlikes ? sql`p.folded = ${understood.folded}` : sql`p.plate = ${understood.plate}`;
  const rows = await sql<PlateRow[]>`
    select p.plate, seen.sightings, seen.first_seen as "firstSeen", seen.last_seen as "lastSeen",
      (select min(w.priority) from watchlist_entries e join watchlists w on w.id = e.watchlist_id
        where e.normalized = p.plate and e.removed_at is null and e.expires_at > now()
          and ${listInReach(sql, reach)}) as listed
    from plates p, lateral (${seenInReach(sql, reach)}) seen where ${fits} and seen.sightings > 0
    order by p.plate = ${understood.plate} desc, seen.sightings desc, p.plate limit ${query.limit + 1}`;
  const page = rows.slice(0, query.limit);
  const latest = await sql<DetectionRow[]>`
    select ${detectionColumns(sql)}
    from unnest(${page.map(({ plate }) => plate)}::text[]) wanted(plate),
      lateral (select d.* from detections d where d.plate = wanted.plate and ${detectionInReach(sql, reach)}
        order by d.detected_at desc, d.id desc limit 1) d
    ${detectionJoins(sql)}`;
  const latestByPlate = new Map(latest.map((row) => [row.plate, row]));
  const hits = page.flatMap((row): PlateHit[] => {
    const match = explainMatch(understood.plate, row.plate);
    const newest = latestByPlate.get(row.plate);
    if (!match) return [];
    return [
      {
        plate: row.plate,
        match,
        sightings: row.sightings,
        firstSeen: row.firstSeen.toISOString(),
        lastSeen: row.lastSeen.toISOString(),
        latest: newest ? detectionToView(newest, looker) : null,
        listed: row.listed,
      },
    ];
  });
  hits.sort((a, b) => a.match.differences.length - b.match.differences.length || b.sightings - a.sightings);
  return { understood, hits, more: rows.length > query.limit };
};
