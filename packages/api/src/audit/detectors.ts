/**
 * Finds looks that somebody should judge: the same plate again and again, a spent budget, a busy night, and a random few.
 * Rule: each detector reads the access log once, in the order of ids, and tells each finding once. A visit is one look, told
 * by its first entry.
 */
import { DEFAULT_POLICY, type PolicySettings } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { assignReviews, lockReviews } from "./assign-reviews.ts";
import { isLook, visitOf } from "./visits.ts";

/** Entries in one transaction: a day of a busy organisation, read in well under a second. */
const STEP = 10_000;

/** While a finding is open, looks that follow it are added to it; a decided one is not touched. */
const orGrow = (sql: Transaction) => sql`on conflict (kind, user_id, coalesce(fold_plate(plate), ''), period) do update
  set entry_ids = array(select distinct unnest(reviews.entry_ids || excluded.entry_ids) order by 1)
  where reviews.decided_at is null`;

/** Entries after `from`, up to and with `to`, are new. */
type Range = { from: number; to: number };
type Find = (sql: Transaction, settings: PolicySettings, range: Range) => Promise<unknown>;

/** The same plate in any look-alike spelling, by the same person, without a case, too often within seven days; told once a week. */
const findRepeats: Find = (sql, { reviews, timeZone }, { from, to }) => sql`
  with fresh as (
    select l.user_id, fold_plate(l.plate) as folded, date_trunc('minute', min(l.at) - interval '7 days') as since
    from access_log l
    where l.id > ${from} and l.id <= ${to} and ${isLook(sql)} and l.plate is not null and l.case_number is null
    group by 1, 2
  ), visits as (
    select distinct on (${visitOf(sql)}) l.id, l.user_id, l.plate, f.folded, l.at
    from access_log l join fresh f on f.user_id = l.user_id and f.folded = fold_plate(l.plate)
    where l.id <= ${to} and l.at >= f.since and ${isLook(sql)} and l.case_number is null
    order by ${visitOf(sql)}, l.id
  ), looks as (
    select *, count(*) over (partition by user_id, folded order by at
      range between interval '7 days' preceding and current row) as taken from visits
  ), findings as (
    select user_id, folded, to_char(at at time zone ${timeZone}::text, 'IYYY-"W"IW') as period,
      min(at) - interval '7 days' as since, max(at) as until
    from looks where id > ${from} and taken >= ${reviews.repeatLooks} group by 1, 2, 3
  )
  insert into reviews (kind, user_id, plate, period, entry_ids)
  select 'repeat_plate', f.user_id, (array_agg(l.plate order by l.id))[1], f.period, array_agg(l.id order by l.id)
  from findings f join looks l on l.user_id = f.user_id and l.folded = f.folded and l.at between f.since and f.until
  group by f.user_id, f.folded, f.period ${orGrow(sql)}`;

/** Somebody asked on after the day's checks were used up: the day's checks, and the refusals. */
const findSpentBudgets: Find = (sql, { timeZone }, { from, to }) => sql`
  with days as (
    select l.user_id, (l.at at time zone ${timeZone}::text)::date as day, min(l.at) as since from access_log l
    where l.id > ${from} and l.id <= ${to} and l.failure = 'budget_spent' and l.user_id is not null group by 1, 2
  )
  insert into reviews (kind, user_id, period, entry_ids)
  select 'budget', d.user_id, d.day::text, array_agg(l.id order by l.id)
  from days d join access_log l on l.user_id = d.user_id and (l.at at time zone ${timeZone}::text)::date = d.day
  -- A day has 25 hours when the clocks go back.
  where l.id <= ${to} and l.at > d.since - interval '25 hours'
    and (l.failure = 'budget_spent' or l.action = 'detections.search' and l.outcome = 'ok')
  group by d.user_id, d.day ${orGrow(sql)}`;

/** Many looks in one night of the organisation's clock; a night over midnight is named by the day on which it began. */
const findBusyNights: Find = (sql, { reviews, timeZone }, { from, to }) => {
  const { nightFrom, nightTo, nightLooks } = reviews;
  const local = sql`(l.at at time zone ${timeZone}::text)`;
  const night = sql`(${local} - make_interval(hours => ${nightFrom}))::date`;
  const isNight = sql`(extract(hour from ${local})::int - ${nightFrom}::int + 24) % 24 < ${(nightTo - nightFrom + 24) % 24}::int`;
  return sql`
    with fresh as (
      select l.user_id, ${night} as night, min(l.at) as since from access_log l
      where l.id > ${from} and l.id <= ${to} and ${isLook(sql)} and ${isNight} group by 1, 2
    )
    insert into reviews (kind, user_id, period, entry_ids)
    select 'odd_hours', user_id, night::text, array_agg(id order by id) from (
      select distinct on (${visitOf(sql)}) l.id, l.user_id, f.night
      from fresh f join access_log l on l.user_id = f.user_id and ${night} = f.night
      -- The longest night: 23 hours of the clock, and one more when the clocks go back.
      where l.id <= ${to} and l.at > f.since - interval '24 hours' and ${isLook(sql)} and ${isNight}
      order by ${visitOf(sql)}, l.id
    ) visits
    group by user_id, night having count(*) >= ${nightLooks} ${orGrow(sql)}`;
};

const FINDERS: Record<string, Find> = {
  repeat_plate: findRepeats,
  budget: findSpentBudgets,
  odd_hours: findBusyNights,
};

const readProgress = async (sql: Transaction, name: string): Promise<number | null> => {
  const [row] = await sql<{ readTo: number }[]>`
    select read_to::float8 as "readTo" from detector_progress where name = ${name}`;
  return row?.readTo ?? null;
};

const writeProgress = async (sql: Transaction, name: string, readTo: number): Promise<void> => {
  await sql`insert into detector_progress (name, read_to) values (${name}, ${readTo})
    on conflict (name) do update set read_to = excluded.read_to`;
};

/** One step of one detector. @returns whether there is more to read */
const step = (sql: Sql, name: string, find: Find, settings: PolicySettings): Promise<boolean> =>
  sql.begin(async (transaction) => {
    await lockReviews(transaction);
    const from = (await readProgress(transaction, name)) ?? 0;
    const [log] = await transaction<{ newest: number | null }[]>`select max(id)::float8 as newest from access_log`;
    const newest = log?.newest ?? 0;
    const to = Math.min(newest, from + STEP);
    if (to <= from) return false;
    await find(transaction, settings, { from, to });
    await writeProgress(transaction, name, to);
    return to < newest;
  });

/** The first moment of a month, counted from the year 0. */
const monthBegan = (sql: Transaction, timeZone: string, month: number) =>
  sql`make_timestamp(${Math.floor(month / 12)}::int, ${(month % 12) + 1}::int, 1, 0, 0, 0) at time zone ${timeZone}::text`;

/** How many looks of a month are drawn: the most that any policy asked for which was in force in it. */
const readSampleSize = async (sql: Transaction, timeZone: string, month: number): Promise<number> => {
  const builtIn = DEFAULT_POLICY.reviews.samplePerMonth;
  const [row] = await sql<{ most: number }[]>`
    with versions as (
      select coalesce((settings -> 'reviews' ->> 'samplePerMonth')::int, ${builtIn}::int) as looks, set_at as since,
        lead(set_at) over (order by version) as until from policies
      union all
      -- Before the first version the built-in one was in force.
      select ${builtIn}::int, '-infinity', (select min(set_at) from policies)
    )
    select max(looks) as most from versions where since < ${monthBegan(sql, timeZone, month + 1)}
      and coalesce(until, 'infinity') > ${monthBegan(sql, timeZone, month)}`;
  return row?.most ?? builtIn;
};

/** Draws the looks of one month, counted from the year 0; a UUID is the database's unpredictable number. */
const drawMonth = async (sql: Transaction, { timeZone }: PolicySettings, month: number): Promise<void> => {
  const size = await readSampleSize(sql, timeZone, month);
  const name = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
  await sql`
    insert into reviews (kind, user_id, plate, period, entry_ids)
    select 'sample', user_id, plate, ${`${name} #`}::text || id, array[id] from (
      select distinct on (${visitOf(sql)}) l.id, l.user_id, l.plate from access_log l
      where ${isLook(sql)} and l.at >= ${monthBegan(sql, timeZone, month)}
        and l.at < ${monthBegan(sql, timeZone, month + 1)}
      order by ${visitOf(sql)}, l.id
    ) visits
    order by gen_random_uuid() limit ${size}
    on conflict do nothing`;
};

/** Once a month is over in the organisation's time zone, some of its looks are drawn; also of months that were missed. */
const drawSamples = (sql: Sql, settings: PolicySettings, now: Date): Promise<void> =>
  sql.begin(async (transaction) => {
    await lockReviews(transaction);
    const [today] = await transaction<{ month: number }[]>`
      select (extract(year from local) * 12 + extract(month from local) - 1)::int as month
      from (select ${now}::timestamptz at time zone ${settings.timeZone}::text as local) today`;
    const last = (today?.month ?? 0) - 1;
    const drawn = await readProgress(transaction, "sample");
    if (drawn !== null && drawn >= last) return;
    for (let month = (drawn ?? last - 1) + 1; month <= last; month++) await drawMonth(transaction, settings, month);
    await writeProgress(transaction, "sample", last);
  });

/**
 * Reads what is new in the access log, and assigns what is found.
 * @param now decides which month is over; everything else goes by the times of the entries
 * @param closing ends it between two steps; the next run goes on from there
 */
export const runDetectors = async (
  sql: Sql,
  settings: PolicySettings,
  now: Date,
  closing?: AbortSignal,
): Promise<void> => {
  for (const [name, find] of Object.entries(FINDERS))
    while (!closing?.aborted && (await step(sql, name, find, settings)));
  if (closing?.aborted) return;
  await drawSamples(sql, settings, now);
  await assignReviews(sql);
};
