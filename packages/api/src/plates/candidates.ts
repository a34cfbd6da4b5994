/**
 * Which plates of the dictionary a search may mean, the likeliest first.
 * Rule: the dictionary is asked, and detections for nothing but whether one of them is in reach and passes the filters; of
 * more plates than anybody looks at the answer says that there are more.
 */
import {
  type PlateMatch,
  type SearchFilters,
  type Understood,
  differencesOf,
  explainMatch,
  rankOf,
  usualMistakes,
} from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import type { Ask, HowToAsk } from "../detections/ask-in-time.ts";
import { detectionPasses, hasFilters } from "../detections/filters.ts";
import { standingCorrections } from "../detections/of-plate.ts";
import type { Reach } from "../detections/reach.ts";

export type Query = Exclude<Understood, { kind: "refused" }>;

/** A plate of the dictionary, and where it stands among the hits. */
export type Candidate = {
  plate: string;
  /** 0 for whoever does not reach everything: how often it was seen elsewhere is not told by an order either. */
  sightings: number;
  rank: number;
};

/** What a search may find, besides the plate that was asked for. */
export type Narrowed = { filters: SearchFilters; reach: Reach };

/** More than anybody turns pages for, and ranked in a few milliseconds. */
const CANDIDATES_MAX = 5000;
/** How many mistakes the hard search forgives. */
const HARD_DISTANCE = 2;
/** `%` and `_` are no characters of a plate, so nothing has to be escaped. */
const toLike = (pattern: string): string => pattern.replaceAll("*", "%").replaceAll("?", "_");

const fits = (sql: Queryable, query: Query) => {
  if (query.kind === "pattern") return sql`p.plate like ${toLike(query.pattern)}`;
  const { plate, folded, way } = query;
  if (way === "exact") return sql`p.plate = ${plate}`;
  if (way === "look-alike") return sql`p.folded = ${folded}`;
  if (way === "similar") return sql`p.folded = any(${[...usualMistakes(folded)]}::text[])`;
  return sql`length(p.folded) between ${folded.length - HARD_DISTANCE} and ${folded.length + HARD_DISTANCE}
    and levenshtein_less_equal(p.folded, ${folded}, ${HARD_DISTANCE}) <= ${HARD_DISTANCE}`;
};

const isNarrow = ({ filters, reach }: Narrowed): boolean => reach !== null || hasFilters(filters);

/** Whether a detection of plate `p`, as it was read or as it was corrected, is in reach and passes the filters. */
const wasSeen = (sql: Queryable, narrowed: Narrowed) => {
  if (!isNarrow(narrowed)) return sql`p.sightings > 0`;
  const passes = detectionPasses(sql, narrowed.filters, narrowed.reach);
  return sql`(exists (select 1 from detections d where d.plate = p.plate and ${passes})
    or exists (select 1 from ${standingCorrections(sql)} where r.corrected = p.plate and ${passes}))`;
};

/** If there are too many, the ones that were typed to the letter are kept, then those that were seen most. */
const byWorth = (sql: Queryable, query: Query, { reach }: Narrowed) => sql`order by
  ${query.kind === "plate" ? sql`p.plate = ${query.plate} desc, p.folded = ${query.folded} desc,` : sql``}
  ${reach === null ? sql`p.sightings desc,` : sql``} p.plate`;

const isHard = (query: Query): boolean => query.kind === "plate" && query.way === "harder";

/** How the question is best asked of PostgreSQL. */
export const howToAsk = (query: Query, narrowed: Narrowed): HowToAsk => ({
  // The beginning of a pattern is a range of the primary key to a plan that knows it.
  plan: query.kind === "pattern" || isHard(query) || isNarrow(narrowed) ? "custom" : "generic",
  // The hard search reads the whole dictionary: with every core, which its price does not tell the planner.
  ...(isHard(query) ? { settings: { parallel_setup_cost: "0", parallel_tuple_cost: "0" } } : {}),
});

/** The likelier ones first. */
export const inOrder = (a: Candidate, b: Candidate): number =>
  a.rank - b.rank || b.sightings - a.sightings || (a.plate < b.plate ? -1 : Number(a.plate > b.plate));

/**
 * Finds the plates that a query may mean, in order.
 * @returns `truncated`: more plates fit than are looked at
 */
export const findCandidates = async (
  ask: Ask,
  query: Query,
  narrowed: Narrowed,
): Promise<{ candidates: Candidate[]; truncated: boolean }> => {
  const rows = await ask(
    (on) => on<{ plate: string; sightings: number }[]>`
      select p.plate, p.sightings::float8 as sightings from plates p
      where ${fits(on, query)} and ${wasSeen(on, narrowed)} ${byWorth(on, query, narrowed)} limit ${CANDIDATES_MAX}`,
  );
  const candidates = rows.map((row): Candidate => {
    const sightings = narrowed.reach === null ? row.sightings : 0;
    const rank = query.kind === "plate" ? rankOf(query.plate, row.plate, sightings) : 0;
    return { plate: row.plate, sightings, rank };
  });
  return { candidates: candidates.toSorted(inOrder), truncated: rows.length === CANDIDATES_MAX };
};

/** Why a plate is among the hits. */
export const explain = (query: Query, plate: string): PlateMatch =>
  query.kind === "pattern"
    ? { kind: "pattern", differences: [] }
    : (explainMatch(query.plate, plate) ?? { kind: "near", differences: differencesOf(query.plate, plate) });
