/**
 * Sessions in the database: what both implementations read and write.
 * Rule: only hashes of ids are stored, all times are by this process's clock, and every read says whether the id is today's
 * or the one before the last rotation.
 */
import type { Investigation, User } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { sha256 } from "../keys.ts";
import type { Policy } from "../policy/policy.ts";
import type { NewSession, Session, SessionKind, SessionLifetimes } from "./port.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Between the password and the code. */
const PASSWORD_MS = 5 * MINUTE_MS;
/** A browser ends after a long shift, whatever happens. */
const DESKTOP_MS = 12 * HOUR_MS;
/** An installed application lives behind its own lock. */
const APP_MS = 14 * 24 * HOUR_MS;
/** One that lies in a drawer, or was lost unnoticed, ends sooner; a weekend without a look at it does not end it. */
const APP_IDLE_MS = 72 * HOUR_MS;
/** Requests that were under way at a rotation still carry the old id. */
const OVERLAP_MS = 10_000;
/** A session in use is written at most once a minute. */
const TOUCH_EVERY_MS = MINUTE_MS;

/** How long sessions live without use, and at most, by kind. */
export const readLifetimes = async (policy: Policy): Promise<SessionLifetimes> => {
  const { idleMinutes, strictInstalled } = (await policy.current()).settings.sessions;
  const desktop = { idleMs: idleMinutes * MINUTE_MS, absoluteMs: DESKTOP_MS };
  return {
    password: { idleMs: PASSWORD_MS, absoluteMs: PASSWORD_MS },
    desktop,
    app: strictInstalled ? desktop : { idleMs: APP_IDLE_MS, absoluteMs: APP_MS },
  };
};

type Lifetime = SessionLifetimes[SessionKind];

export const lifetimeOf = (lifetimes: SessionLifetimes, session: Pick<Session, "kind" | "assurance">): Lifetime =>
  lifetimes[session.assurance === "password" ? "password" : session.kind];

export type SessionRow = Omit<Session, "id" | "user" | "investigation"> & {
  createdAt: Date;
  lastUsedAt: Date;
  userId: string;
  email: string;
  name: string;
  role: User["role"];
  area: string | null;
  trainedOn: string | null;
  investigation: Investigation | null;
};

type Which = { id: string } | { deviceId: string };

/** The session that is neither revoked nor a disabled user's; when it ends the caller judges, by the policy of today. */
export const findSession = async (sql: Sql, which: Which): Promise<SessionRow | null> => {
  const hash = "id" in which ? sha256(which.id) : null;
  const [row] = await sql<SessionRow[]>`
    select s.id as "deviceId", s.device, s.kind, s.assurance, s.created_at as "createdAt", s.last_used_at as "lastUsedAt",
      case when s.id_hash = ${hash} then s.step_up_at end as "stepUpAt",
      s.idle_expires_at as "idleExpiresAt", s.absolute_expires_at as "absoluteExpiresAt",
      u.id as "userId", u.email, u.name, u.role, u.area, u.trained_on::text as "trainedOn",
      case when i.id is not null then jsonb_build_object('id', i.id, 'code', i.code, 'text', i.text, 'caseNumber', i.case_number,
        'openedAt', i.opened_at, 'expiresAt', i.expires_at) end as investigation
    from sessions s join users u on u.id = s.user_id
    left join investigations i on i.session_id = s.id and i.closed_at is null and i.expires_at > now()
    where ${
      "id" in which
        ? sql`(s.id_hash = ${hash} or (s.previous_id_hash = ${hash} and s.previous_until > ${new Date()}))`
        : sql`s.id = ${which.deviceId}`
    } and s.revoked_at is null and u.disabled_at is null`;
  return row ?? null;
};

/** A row with its two ends as they are today: a policy that became stricter counts for sessions that were open before. */
export const withEnds = (row: SessionRow, { idleMs, absoluteMs }: Lifetime): SessionRow => {
  const absoluteMost = Math.min(row.absoluteExpiresAt.getTime(), row.createdAt.getTime() + absoluteMs);
  const idleMost = Math.min(row.idleExpiresAt.getTime(), row.lastUsedAt.getTime() + idleMs, absoluteMost);
  return { ...row, absoluteExpiresAt: new Date(absoluteMost), idleExpiresAt: new Date(idleMost) };
};

/** The idle end that use at this moment gives; null when the row was written less than a minute ago. */
export const postponedEnd = (row: SessionRow, { idleMs }: Lifetime): Date | null => {
  const end = Math.min(Date.now() + idleMs, row.absoluteExpiresAt.getTime());
  return end - row.idleExpiresAt.getTime() > TOUCH_EVERY_MS ? new Date(end) : null;
};

/** Who is signed in at a device: by its row, its user and the policy of today; null for nobody. */
export const userOfDevice = async (sql: Sql, policy: Policy, deviceId: string): Promise<User | null> => {
  const row = await findSession(sql, { deviceId });
  if (row?.assurance !== "password+totp") return null;
  const { idleExpiresAt } = withEnds(row, lifetimeOf(await readLifetimes(policy), row));
  return idleExpiresAt.getTime() > Date.now() ? userOf(row) : null;
};

export const insertSession = async (
  sql: Sql,
  id: string,
  userId: string,
  session: NewSession,
  lifetime: Lifetime,
): Promise<void> => {
  const nowMs = Date.now();
  await sql`
    insert into sessions (id_hash, user_id, kind, assurance, device, created_at, last_used_at, step_up_at, idle_expires_at,
      absolute_expires_at, ip, user_agent)
    values (${sha256(id)}, ${userId}, ${session.kind}, ${session.assurance}, ${session.device}, ${new Date(nowMs)},
      ${new Date(nowMs)}, ${session.steppedUp ? new Date(nowMs) : null},
      ${new Date(nowMs + lifetime.idleMs)}, ${new Date(nowMs + lifetime.absoluteMs)}, ${session.ip}, ${session.userAgent})`;
};

/** Postpones the idle end, never beyond the absolute one. */
export const touchSession = async (sql: Sql, id: string, idleExpiresAt: Date): Promise<void> => {
  await sql`update sessions set last_used_at = ${new Date()}, idle_expires_at = least(absolute_expires_at, ${idleExpiresAt}::timestamptz)
    where id_hash = ${sha256(id)}`;
};

/** Gives the session of `id` the id `next`. @returns its absolute end, or null when it has ended or was rotated already */
export const rotateSession = async (sql: Sql, id: string, next: string): Promise<Date | null> => {
  const now = new Date();
  const [row] = await sql<{ absoluteExpiresAt: Date }[]>`
    update sessions set id_hash = ${sha256(next)}, previous_id_hash = ${sha256(id)},
      previous_until = ${new Date(now.getTime() + OVERLAP_MS)}, step_up_at = ${now}, last_used_at = ${now}
    where id_hash = ${sha256(id)} and revoked_at is null returning absolute_expires_at as "absoluteExpiresAt"`;
  return row?.absoluteExpiresAt ?? null;
};

/** For a cookie's Max-Age, which is never negative. */
export const secondsUntil = (end: Date): number => Math.max(0, Math.floor((end.getTime() - Date.now()) / 1000));

/** Also by the id before the last rotation: a sign-out may have been under way. */
export const deleteSession = async (sql: Sql, id: string): Promise<void> => {
  const hash = sha256(id);
  await sql`delete from sessions where id_hash = ${hash} or (previous_id_hash = ${hash} and previous_until > ${new Date()})`;
};

/** Half a sign-in ends like a device, and is none. @returns how many devices were signed out */
export const revokeSessions = async (
  sql: Sql,
  userId: string,
  by: string | null,
  which: { only: string } | { except: string | null },
): Promise<number> => {
  const now = new Date();
  const chosen = "only" in which ? sql`and id = ${which.only}` : which.except ? sql`and id <> ${which.except}` : sql``;
  const revoked = await sql<Pick<SessionRow, "assurance">[]>`update sessions set revoked_at = ${now}, revoked_by = ${by}
    where user_id = ${userId} and revoked_at is null and idle_expires_at > ${now} ${chosen} returning assurance`;
  return revoked.filter(({ assurance }) => assurance === "password+totp").length;
};

/** Who ended a device is shown for a month; the five minutes between password and code never were devices. */
export const deleteOldSessions = async (sql: Sql): Promise<void> => {
  await sql`delete from sessions
    where absolute_expires_at < now() - interval '30 days' or (assurance = 'password' and absolute_expires_at < now())`;
};

const userOf = ({ userId, email, name, role, area, trainedOn }: SessionRow): User => ({
  id: userId,
  email,
  name,
  role,
  area,
  trainedOn,
});

/** The port's record of a row. */
export const rowToSession = (id: string, row: SessionRow): Session => ({
  id,
  deviceId: row.deviceId,
  device: row.device,
  user: userOf(row),
  kind: row.kind,
  assurance: row.assurance,
  stepUpAt: row.stepUpAt,
  idleExpiresAt: row.idleExpiresAt,
  absoluteExpiresAt: row.absoluteExpiresAt,
  investigation: row.investigation,
});
