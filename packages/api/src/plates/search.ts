/**
 * Finding plates: what was typed is understood, the dictionary says which plates it may mean, and each hit says why.
 * Rule: for whoever does not reach everything a plate is what its detections in reach say, and without one it is no hit;
 * pages are told by the last hit, never by a count.
 */
import { type PlateHit, type SearchFilters, type SearchWay, type Understood, understand } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { cameraFits, detectionFits, hasFilters } from "../detections/filters.ts";
import { detectionsOfPlate } from "../detections/of-plate.ts";
import { type Looker, type Reach, detectionInReach, listInReach, reachOf } from "../detections/reach.ts";
import { type DetectionRow, detectionColumns, detectionJoins, detectionToView } from "../detections/view.ts";
import { AppError } from "../failure.ts";
import { type Candidate, type Query, explain, findCandidates, inOrder } from "./candidates.ts";

export type SearchQuery = {
  plate: string;
  way: SearchWay;
  filters: SearchFilters;
  cursor?: string | undefined;
  limit: number;
};
export type SearchAnswer = { understood: Query; hits: PlateHit[]; cursor: string | null };

const REFUSALS: Record<Extract<Understood, { kind: "refused" }>["why"], string> = {
  empty: "Type a plate, or what is known of it.",
  foreign: "Type letters A to Z and digits of the plate.",
  short: "Type at least two letters (A–Z) or digits of the plate.",
  long: "A plate has at most 16 letters and digits. Check what was typed.",
  only_wildcards: "Type at least some letters or digits beside ? and *.",
  vague: "Too many plates fit. Type three characters that stand together, or how the plate begins or ends.",
};

/** @throws AppError invalid with a sentence that says what to type instead */
const understood = ({ plate, way }: SearchQuery): Query => {
  const query = understand(plate, way);
  if (query.kind === "refused") throw new AppError("invalid", REFUSALS[query.why]);
  return query;
};

const CURSOR = /^(\d{1,3}(?:\.\d{1,3})?)_(\d{1,15})_([A-Z0-9]{1,64})$/;
const toCursor = ({ cost, sightings, plate }: Candidate): string => `${cost}_${sightings}_${plate}`;

/** What comes after a page. @throws AppError invalid */
const after = (candidates: readonly Candidate[], cursor: string | undefined): readonly Candidate[] => {
  if (cursor === undefined) return candidates;
  const parts = CURSOR.exec(cursor);
  if (!parts?.[3]) throw new AppError("invalid", "This page of the list is not known. Start the search again.");
  const last = { cost: Number(parts[1]), sightings: Number(parts[2]), plate: parts[3] };
  return candidates.filter((candidate) => inOrder(candidate, last) > 0);
};

type SeenRow = { plate: string; sightings: number; firstSeen: Date; lastSeen: Date; listed: 1 | 2 | 3 | null };

/** How often and when plates `p` were seen, as far as somebody reaches; the dictionary knows it for those who reach all. */
const seenInReach = (sql: Sql, reach: Reach) =>
  reach === null
    ? sql`select p.sightings::float8 as sightings, p.first_seen, p.last_seen`
    : sql`select count(*)::float8 as sightings, min(d.detected_at) as first_seen, max(d.detected_at) as last_seen
        from detections d where d.plate = p.plate and p.last_seen >= ${reach.since} and ${detectionInReach(sql, reach)}`;

/** Whether a detection of plate `p` passes the filters. */
const passesFilters = (sql: Sql, filters: SearchFilters) =>
  hasFilters(filters)
    ? sql`exists (select 1 from detections d join cameras c on c.id = d.camera_id
        where d.plate = p.plate and ${detectionFits(sql, filters)} and ${cameraFits(sql, filters)})`
    : sql`true`;

/** The first of the candidates that somebody may see and that pass the filters, in the order of the candidates. */
const readSeen = async (
  sql: Sql,
  candidates: readonly Candidate[],
  { filters, limit }: SearchQuery,
  reach: Reach,
): Promise<SeenRow[]> => {
  const rows = await sql<(SeenRow & { place: number })[]>`
    select p.plate, wanted.place::int as place, seen.sightings, seen.first_seen as "firstSeen", seen.last_seen as "lastSeen",
      (select min(w.priority) from watchlist_entries e join watchlists w on w.id = e.watchlist_id
        where e.normalized = p.plate and e.removed_at is null and e.expires_at > now()
          and ${listInReach(sql, reach)}) as listed
    from unnest(${candidates.map(({ plate }) => plate)}::text[]) with ordinality wanted(plate, place)
    cross join lateral (select * from plates where plates.plate = wanted.plate limit 1) p
    cross join lateral (${seenInReach(sql, reach)}) seen
    where seen.sightings > 0 and ${passesFilters(sql, filters)} limit ${limit + 1}`;
  return rows.toSorted((a, b) => a.place - b.place);
};

/** The newest detection of each plate in reach, by plate. */
const readLatest = async (sql: Sql, plates: readonly string[], reach: Reach): Promise<Map<string, DetectionRow>> => {
  const rows = await sql<(DetectionRow & { asked: string })[]>`
    select wanted.plate as asked, ${detectionColumns(sql)}
    from unnest(${plates as string[]}::text[]) wanted(plate),
      lateral (select * from (${detectionsOfPlate(sql, {
        plate: sql`wanted.plate`,
        where: detectionInReach(sql, reach),
        order: "desc",
        limit: 1,
      })}) newest order by newest.detected_at desc, newest.id desc limit 1) d
    ${detectionJoins(sql)}`;
  return new Map(rows.map((row) => [row.asked, row]));
};

/**
 * Searches plates, one page.
 * @param signal aborted when the caller has gone
 * @throws AppError invalid with a helpful sentence for what cannot be looked up
 */
export const searchPlates = async (
  sql: Sql,
  query: SearchQuery,
  looker: Looker,
  signal?: AbortSignal,
): Promise<SearchAnswer> => {
  const reach = reachOf(looker);
  const meant = understood(query);
  const candidates = after(await findCandidates(sql, meant, signal), query.cursor);
  const costs = new Map(candidates.map((candidate) => [candidate.plate, candidate]));
  const rows = await readSeen(sql, candidates, query, reach);
  const page = rows.slice(0, query.limit);
  const latest = await readLatest(
    sql,
    page.map(({ plate }) => plate),
    reach,
  );
  const hits = page.map((row): PlateHit => {
    const newest = latest.get(row.plate);
    return {
      plate: row.plate,
      match: explain(meant, row.plate),
      sightings: row.sightings,
      firstSeen: row.firstSeen.toISOString(),
      lastSeen: row.lastSeen.toISOString(),
      latest: newest ? detectionToView(newest, looker) : null,
      listed: row.listed,
    };
  });
  const last = costs.get(page.at(-1)?.plate ?? "");
  return { understood: meant, hits, cursor: rows.length > query.limit && last ? toCursor(last) : null };
};
