/**
 * The figures of the transparency page, counted from the records themselves.
 * Rule: numbers alone leave the database; no plate, no name and no place is ever selected here.
 */
import type { PolicySettings, ReviewOutcome } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { EXPORTS, LOOKS, isLook, visitOf } from "../visits.ts";

export type Counts = {
  generatedAt: Date;
  /** Of the organisation's time zone, this one first, twelve; `month` is YYYY-MM. */
  months: { month: string; plates: number }[];
  cameras: number;
  collectors: number;
  lists: number;
  entries: number;
  alerts: { raised: number; confirmed: number; notAMatch: number };
  /** Visits by purpose code; null where none was stated. */
  searches: ReadonlyMap<string | null, number>;
  refused: number;
  exports: number;
  reviews: Record<ReviewOutcome | "open", number>;
};

/** One index range or partition a month: the row's own month is never computed. */
const countPlates = (sql: Sql, timeZone: string) => sql<Counts["months"]>`
  select to_char(month, 'YYYY-MM') as month, (select count(*)::float8 from detections d where d.plate <> ''
    and d.detected_at >= month at time zone ${timeZone}::text
    and d.detected_at < (month + interval '1 month') at time zone ${timeZone}::text) as plates
  from generate_series(date_trunc('month', now() at time zone ${timeZone}::text) - interval '11 months',
    date_trunc('month', now() at time zone ${timeZone}::text), interval '1 month') month
  order by month desc`;

/** From the first moment of a month, before the first one of another. */
type Months = { from: Date; to: Date };

type Row = Pick<Counts, "cameras" | "collectors" | "lists" | "entries" | "refused" | "exports"> &
  Counts["alerts"] &
  Counts["reviews"];

/** `since` is for what happened, `whole` for what people looked at. */
const countRest = (sql: Sql, since: Date, whole: Months) => sql<Row[]>`
  select (select count(*)::int from cameras c join collectors o on o.id = c.collector_id
      where c.approved_at is not null and o.revoked_at is null) as cameras,
    (select count(*)::int from collectors where revoked_at is null) as collectors,
    (select count(*)::int from watchlists) as lists,
    (select count(*)::int from watchlist_entries where removed_at is null and expires_at > now()) as entries,
    a.*, l.*, r.*
  from (select count(*)::int as raised, (count(*) filter (where outcome = 'confirmed'))::int as confirmed,
      (count(*) filter (where outcome = 'not_a_match'))::int as "notAMatch"
    from alerts where created_at >= ${since}) a,
  (select (count(*) filter (where outcome = 'denied' and action = any(${LOOKS as string[]})))::int as refused,
      (count(*) filter (where outcome = 'ok' and action = any(${EXPORTS as string[]})))::int as exports
    from access_log where at >= ${whole.from} and at < ${whole.to}) l,
  (select (count(*) filter (where decided_at is null))::int as open,
      (count(*) filter (where outcome = 'justified'))::int as justified,
      (count(*) filter (where outcome = 'unclear'))::int as unclear,
      (count(*) filter (where outcome = 'misuse'))::int as misuse
    from reviews where created_at >= ${since}) r`;

/**
 * Counts the last twelve months; looks and exports, those that are over: a number that grows from day to day would tell of
 * single ones.
 */
export const readCounts = async (sql: Sql, { timeZone }: PolicySettings): Promise<Counts> => {
  const [range] = await sql<(Months & { since: Date })[]>`
    select (month - interval '11 months') at time zone ${timeZone}::text as since,
      (month - interval '12 months') at time zone ${timeZone}::text as "from", month at time zone ${timeZone}::text as "to"
    from date_trunc('month', now() at time zone ${timeZone}::text) month`;
  if (!range) throw new Error("the database tells no time");
  const { since, ...whole } = range;
  const [months, [rest], searches] = await Promise.all([
    countPlates(sql, timeZone),
    countRest(sql, since, whole),
    sql<{ code: string | null; count: number }[]>`
      select l.purpose_code as code, count(distinct (${visitOf(sql)}))::int as count from access_log l
      where ${isLook(sql)} and l.at >= ${whole.from} and l.at < ${whole.to}
      group by l.purpose_code`,
  ]);
  if (!rest) throw new Error("the database counts nothing");
  const { cameras, collectors, lists, entries, refused, exports, raised, confirmed, notAMatch, ...reviews } = rest;
  return {
    generatedAt: new Date(),
    months: [...months],
    cameras,
    collectors,
    lists,
    entries,
    alerts: { raised, confirmed, notAMatch },
    searches: new Map(searches.map(({ code, count }) => [code, count])),
    refused,
    exports,
    reviews,
  };
};
