/**
 * A person's devices: the list, their names, signing them out, and what is told on the others.
 * Rule: everything is found by person and device together, so that another person's device does not exist.
 */
import type { DeviceView, Notice } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";

/** Enough for whoever never signs out; the newest are shown. */
const LIST_MAX = 100;

const noSuchDevice = () => new AppError("not_found", "This device is signed out already, or it is not one of yours.");

type DeviceRow = Omit<DeviceView, "createdAt" | "lastUsedAt" | "expiresAt" | "current" | "revoked"> & {
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  revokedBy: string | null;
};

/**
 * A person's open devices, and those that were ended from elsewhere within a month, last used first.
 * @param currentDeviceId the one that asks; null when somebody else does
 */
export const listDevices = async (sql: Sql, userId: string, currentDeviceId: string | null): Promise<DeviceView[]> => {
  const now = new Date();
  const rows = await sql<DeviceRow[]>`
    select s.id, s.device as name, s.kind, s.created_at as "createdAt", s.last_used_at as "lastUsedAt",
      s.absolute_expires_at as "expiresAt", s.ip, s.revoked_at as "revokedAt", u.name as "revokedBy"
    from sessions s left join users u on u.id = s.revoked_by
    where s.user_id = ${userId} and s.assurance = 'password+totp'
      and (s.revoked_at > ${now}::timestamptz - interval '30 days'
        or (s.revoked_at is null and s.idle_expires_at > ${now} and s.absolute_expires_at > ${now}))
    order by s.revoked_at is not null, s.last_used_at desc limit ${LIST_MAX}`;
  return rows.map(({ createdAt, lastUsedAt, expiresAt, revokedAt, revokedBy, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    current: row.id === currentDeviceId,
    revoked: revokedAt && { at: revokedAt.toISOString(), by: revokedBy },
  }));
};

/** Gives an open device the person's own name for it. @throws AppError not_found */
export const nameDevice = async (sql: Sql, userId: string, deviceId: string, name: string): Promise<void> => {
  const named = await sql`update sessions set device = ${name}
    where id = ${deviceId} and user_id = ${userId} and assurance = 'password+totp' and revoked_at is null`;
  if (named.count === 0) throw noSuchDevice();
};

/** Signs a device out from elsewhere. @param by the person, or an administrator @throws AppError not_found */
export const revokeDevice = async (
  { sessions }: Pick<Central, "sessions">,
  userId: string,
  deviceId: string,
  by: string,
): Promise<void> => {
  if (!(await sessions.revoke(deviceId, userId, by))) throw noSuchDevice();
};

/** Says whether a person was ever signed in before: the first device of all is no news. */
export const wasSignedIn = async (sql: Sql, userId: string): Promise<boolean> =>
  (await sql`select 1 from access_log where user_id = ${userId} and outcome = 'ok' limit 1`).length === 1;

/**
 * Tells a person's other devices of something that this one did.
 * @param from the device that it is about: it is not told, and cannot put the notice away
 * @param at before that device was signed in
 */
export const tellOtherDevices = async (
  sql: Sql,
  userId: string,
  kind: Notice["kind"],
  from: { deviceId: string; device: string },
  at: Date,
): Promise<void> => {
  const detail = { by: from.device, deviceId: from.deviceId };
  await sql`insert into notices (user_id, kind, detail, created_at)
    values (${userId}, ${kind}, ${JSON.stringify(detail)}::text::jsonb, ${at})`;
};

/**
 * Puts a notice away on all devices, from one that the person had before it: whoever gets in takes no warning away. After a
 * month any device may, because the older ones may be gone.
 * @param from the device that asks, and since when its browser is known
 * @throws AppError not_found also for one about the device that asks
 */
export const dismissNotice = async (
  sql: Sql,
  userId: string,
  { deviceId, knownSince }: { deviceId: string; knownSince: Date | null },
  noticeId: string,
): Promise<void> => {
  const dismissed = await sql`update notices set dismissed_at = coalesce(dismissed_at, now())
    where id = ${noticeId} and user_id = ${userId} and detail ->> 'deviceId' is distinct from ${deviceId}
      and (created_at < now() - interval '30 days' or
        created_at > (select least(created_at, ${knownSince}) from sessions where id = ${deviceId}))`;
  if (dismissed.count === 0)
    throw new AppError(
      "not_found",
      "There is no such notice for this device. Put it away on one that you used before it.",
    );
};
