/**
 * Which plates of the dictionary a search may mean, the likeliest first.
 * Rule: the dictionary is asked, not the detections, and never for more than a bounded number of plates; a question that would
 * take too long ends with a sentence and not with the server.
 */
import {
  type PlateMatch,
  type Understood,
  differencesOf,
  distance,
  explainMatch,
  usualMistakes,
} from "@chaverim/contracts";
import type { Queryable, Sql } from "@chaverim/db/open";
import { askInTime } from "../detections/ask-in-time.ts";

export type Query = Exclude<Understood, { kind: "refused" }>;

/** A plate of the dictionary, and how far it is from what was asked for. */
export type Candidate = { plate: string; sightings: number; cost: number };

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

/** The hard search reads the whole dictionary: with every core, which its price does not tell the planner. */
const WITH_EVERY_CORE = { parallel_setup_cost: "0", parallel_tuple_cost: "0" };

const isHard = (query: Query): boolean => query.kind === "plate" && query.way === "harder";
/** A bounded number of looks into an index, whatever was typed: not worth the rounds of a transaction. */
const isCheap = (query: Query): boolean => query.kind === "plate" && query.way !== "harder";

/** Nearer ones first, then those seen more often. */
export const inOrder = (a: Candidate, b: Candidate): number =>
  a.cost - b.cost || b.sightings - a.sightings || (a.plate < b.plate ? -1 : Number(a.plate > b.plate));

/**
 * Finds the plates that a query may mean, in order.
 * @param signal aborted when the caller has gone
 * @throws AppError invalid when it takes too long
 */
export const findCandidates = async (sql: Sql, query: Query, signal?: AbortSignal): Promise<Candidate[]> => {
  const ask = (on: Queryable) => on<{ plate: string; sightings: number }[]>`
    select p.plate, p.sightings::float8 as sightings from plates p where ${fits(on, query)}
    order by p.sightings desc, p.plate limit ${CANDIDATES_MAX}`;
  const rows = await (isCheap(query) ? ask(sql) : askInTime(sql, ask, signal, isHard(query) ? WITH_EVERY_CORE : {}));
  const costTo = (plate: string) => (query.kind === "plate" ? distance(query.plate, plate) : 0);
  return rows.map((row) => ({ ...row, cost: costTo(row.plate) })).toSorted(inOrder);
};

/** Why a plate is among the hits. */
export const explain = (query: Query, plate: string): PlateMatch =>
  query.kind === "pattern"
    ? { kind: "pattern", differences: [] }
    : (explainMatch(query.plate, plate) ?? { kind: "near", differences: differencesOf(query.plate, plate) });
