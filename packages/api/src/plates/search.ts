/**
 * Finding plates: what was typed is understood, the dictionary says which plates it may mean, and each hit says why.
 * Rule: for whoever does not reach everything a plate is what its detections in reach say, and without one it is no hit;
 * pages are told by the last hit, never by a count.
 */
import { type PlateHit, type SearchFilters, type SearchWay, type Understood, understand } from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { type Ask, lookInTime } from "../detections/ask-in-time.ts";
import { detectionPasses } from "../detections/filters.ts";
import { detectionsOfPlate } from "../detections/of-plate.ts";
import { type Looker, type Reach, detectionInReach, reachOf } from "../detections/reach.ts";
import { type DetectionRow, detectionColumns, detectionJoins, detectionToView } from "../detections/view.ts";
import { AppError } from "../failure.ts";
import { type Candidate, type Narrowed, type Query, explain, findCandidates, howToAsk, inOrder } from "./candidates.ts";
import { readWatched } from "./watched.ts";

export type SearchQuery = {
  plate: string;
  way: SearchWay;
  filters: SearchFilters;
  cursor?: string | undefined;
  limit: number;
};
export type SearchAnswer = {
  understood: Query;
  hits: PlateHit[];
  cursor: string | null;
  /** More plates fit than pages go through: more of the plate or a filter is needed to find the others. */
  truncated: boolean;
};

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
const toCursor = ({ rank, sightings, plate }: Candidate): string => `${rank}_${sightings}_${plate}`;

/** What comes after a page. @throws AppError invalid */
const after = (candidates: readonly Candidate[], cursor: string | undefined): readonly Candidate[] => {
  if (cursor === undefined) return candidates;
  const parts = CURSOR.exec(cursor);
  if (!parts?.[3]) throw new AppError("invalid", "This page of the list is not known. Start the search again.");
  const last = { rank: Number(parts[1]), sightings: Number(parts[2]), plate: parts[3] };
  return candidates.filter((candidate) => inOrder(candidate, last) > 0);
};

type SeenRow = { plate: string; sightings: number; firstSeen: Date; lastSeen: Date };

/** How often and when plates `p` were seen, as far as somebody reaches; the dictionary knows it for those who reach all. */
const seenInReach = (sql: Queryable, reach: Reach) =>
  reach === null
    ? sql`select p.sightings::float8 as sightings, p.first_seen, p.last_seen`
    : sql`select count(*)::float8 as sightings, min(d.detected_at) as first_seen, max(d.detected_at) as last_seen
        from (${detectionsOfPlate(sql, { plate: sql`p.plate`, where: detectionInReach(sql, reach) })}) d`;

const readSeen = async (ask: Ask, plates: readonly string[], reach: Reach): Promise<Map<string, SeenRow>> => {
  const rows = await ask(
    (on) => on<SeenRow[]>`
      select p.plate, seen.sightings, seen.first_seen as "firstSeen", seen.last_seen as "lastSeen"
      from plates p cross join lateral (${seenInReach(on, reach)}) seen where p.plate = any(${plates as string[]}::text[])`,
  );
  return new Map(rows.map((row) => [row.plate, row]));
};

/** The newest detection of each plate that is in reach and passes the filters, by plate. */
const readLatest = async (
  ask: Ask,
  plates: readonly string[],
  { filters, reach }: Narrowed,
): Promise<Map<string, DetectionRow>> => {
  const rows = await ask(
    (on) => on<(DetectionRow & { asked: string })[]>`
      select wanted.plate as asked, ${detectionColumns(on)} from unnest(${plates as string[]}::text[]) wanted(plate),
        lateral (select * from (${detectionsOfPlate(on, {
          plate: on`wanted.plate`,
          where: detectionPasses(on, filters, reach),
          newest: 1,
        })}) newest order by newest.detected_at desc, newest.id desc limit 1) d
      ${detectionJoins(on)}`,
  );
  return new Map(rows.map((row) => [row.asked, row]));
};

/**
 * Searches plates, one page.
 * @param signal aborted when the caller has gone
 * @throws AppError invalid with a helpful sentence for what cannot be looked up | too_slow
 */
export const searchPlates = (
  sql: Sql,
  query: SearchQuery,
  looker: Looker,
  signal?: AbortSignal,
): Promise<SearchAnswer> => {
  const narrowed = { filters: query.filters, reach: reachOf(looker) };
  const meant = understood(query);
  const look = async (ask: Ask): Promise<SearchAnswer> => {
    const { candidates, truncated } = await findCandidates(ask, meant, narrowed);
    const rest = after(candidates, query.cursor);
    const page = rest.slice(0, query.limit);
    const plates = page.map(({ plate }) => plate);
    const [seen, latest, watched] = await Promise.all([
      readSeen(ask, plates, narrowed.reach),
      readLatest(ask, plates, narrowed),
      readWatched(ask, plates, narrowed.reach),
    ]);
    const hits = page.flatMap(({ plate }): PlateHit[] => {
      const row = seen.get(plate);
      const newest = latest.get(plate);
      if (!row) return [];
      return [
        {
          plate,
          match: explain(meant, plate),
          sightings: row.sightings,
          firstSeen: row.firstSeen.toISOString(),
          lastSeen: row.lastSeen.toISOString(),
          latest: newest ? detectionToView(newest, looker) : null,
          listed: watched(plate)[0]?.priority ?? null,
        },
      ];
    });
    const last = rest.length > query.limit ? page.at(-1) : undefined;
    return { understood: meant, hits, cursor: last ? toCursor(last) : null, truncated };
  };
  return lookInTime(sql, look, { ...howToAsk(meant, narrowed), signal });
};
