/**
 * Slows down guessing at one account: five attempts, then one after 15, 30, 60 … minutes, at last one a day. Forgotten with a
 * success or after a day without an attempt: whoever guesses for ever has fewer than seven attempts a day.
 * Rule: an attempt is counted before it is checked, in one statement, so that parallel tries gain nothing; it survives a restart.
 */
import type { Sql } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";

const FREE_ATTEMPTS = 5;
const FIRST_WAIT_MS = 15 * 60_000;
/** The longest wait; also how long a quiet account is remembered. */
const LONGEST_MS = 24 * 3_600_000;

/** What is being guessed at; each has its own count. */
export type Guessing = "password" | "code" | "recovery" | "change";

const keyOf = (what: Guessing, who: string): string => `${what}:${sha256(who).toString("base64url")}`;

const blockedUntil = async (sql: Sql, key: string, now: Date): Promise<Date | null> => {
  const [row] = await sql<{ until: Date }[]>`
    select blocked_until as until from throttles where key = ${key} and blocked_until > ${now}`;
  return row?.until ?? null;
};

/** @returns false when another attempt of this moment was the last one that is free */
const count = async (sql: Sql, key: string, now: Date): Promise<boolean> => {
  const forgotten = new Date(now.getTime() - LONGEST_MS);
  const counted = await sql`
    insert into throttles as t (key, failures, window_started_at) values (${key}, 1, ${now})
    on conflict (key) do update set (failures, window_started_at, blocked_until) = (
      select n.failures, case when n.failures = 1 then ${now}::timestamptz else t.window_started_at end,
        case when n.failures >= ${FREE_ATTEMPTS} then ${now}::timestamptz + least(make_interval(secs => ${LONGEST_MS / 1000}),
          make_interval(secs => ${FIRST_WAIT_MS / 1000}) * power(2, least(n.failures - ${FREE_ATTEMPTS}, 10))) end
      from (select case when coalesce(t.blocked_until, t.window_started_at) < ${forgotten} then 1
        else t.failures + 1 end as failures) n)
    where t.blocked_until is null or t.blocked_until <= ${now}`;
  return counted.count === 1;
};

/**
 * Counts an attempt.
 * @param who the account's address or id; stored as its hash, so that the table does not list who was tried
 * @throws AppError too_many with the seconds to wait
 */
export const countAttempt = async (sql: Sql, what: Guessing, who: string): Promise<void> => {
  const key = keyOf(what, who);
  const now = new Date();
  // Asked first, because a refusal that writes nothing costs a flood of guesses more than it costs the database.
  let until = await blockedUntil(sql, key, now);
  if (!until && (await count(sql, key, now))) return;
  until ??= await blockedUntil(sql, key, now);
  const seconds = Math.max(1, Math.ceil(((until?.getTime() ?? 0) - now.getTime()) / 1000));
  const wait = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
  throw new AppError("too_many", `Too many attempts. Try again in ${wait}.`, { retryAfterSeconds: seconds });
};

/** Forgets the attempts after a success. */
export const forgetAttempts = async (sql: Sql, what: Guessing, who: string): Promise<void> => {
  await sql`delete from throttles where key = ${keyOf(what, who)}`;
};

/** Removes counts that no longer matter; called by housekeeping. */
export const deleteOldAttempts = async (sql: Sql): Promise<void> => {
  await sql`delete from throttles where coalesce(blocked_until, window_started_at) < now() - make_interval(secs => ${LONGEST_MS / 1000})`;
};
