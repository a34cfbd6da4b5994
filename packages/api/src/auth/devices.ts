/**
 * A person's devices: the list, their names, signing them out, and what is told on the others.
 * Rule: everything is found by person and device together, so that another person's device does not exist.
 */
import type { DeviceView, Notice } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { NewSession } from "../sessions/port.ts";

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

/**
 * Says whether a person who has signed in before does so for the first time from this kind of device.
 * The access log is asked: a device that signed out leaves no row among the sessions.
 */
export const isNewDevice = async (
  sql: Sql,
  userId: string,
  { device, kind }: Pick<NewSession, "device" | "kind">,
): Promise<boolean> => {
  const [row] = await sql<{ isNew: boolean }[]>`
    with signed_in as (
      select device, filters ->> 'kind' as kind from access_log
      where user_id = ${userId} and action in ('auth.signedIn', 'auth.recovered', 'auth.joined') and outcome = 'ok')
    select exists (select 1 from signed_in)
      and not exists (select 1 from signed_in where device = ${device} and kind = ${kind}) as "isNew"`;
  return row?.isNew ?? false;
};

/**
 * Tells a person's other devices of something that this one did.
 * @param from the device that it is about: it is not told, and cannot put the notice away
 */
export const tellOtherDevices = async (
  sql: Sql,
  userId: string,
  kind: Notice["kind"],
  from: { deviceId: string; device: string },
): Promise<void> => {
  const detail = { by: from.device, deviceId: from.deviceId };
  await sql`insert into notices (user_id, kind, detail) values (${userId}, ${kind}, ${JSON.stringify(detail)}::text::jsonb)`;
};

/** Puts a notice away on all devices. @throws AppError not_found also for one about the device that asks */
export const dismissNotice = async (sql: Sql, userId: string, deviceId: string, noticeId: string): Promise<void> => {
  const dismissed = await sql`update notices set dismissed_at = coalesce(dismissed_at, now())
    where id = ${noticeId} and user_id = ${userId} and detail ->> 'deviceId' is distinct from ${deviceId}`;
  if (dismissed.count === 0) throw new AppError("not_found", "There is no such notice for you.");
};
