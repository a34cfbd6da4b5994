/**
 * Everybody who has an account.
 * Rule: nothing here is secret, and nobody is left out: disabled accounts stay, because the access log names them.
 */
import type { PersonView } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { isOpen } from "../auth/invitations.ts";

type Row = Omit<PersonView, "createdAt" | "lastSeenAt" | "disabled"> & {
  createdAt: Date;
  lastSeenAt: Date | null;
  disabledAt: Date | null;
  disabledBy: string | null;
  disabledReason: string | null;
};

/** All people, enabled ones first, by name. */
export const readPeople = async (sql: Sql): Promise<PersonView[]> => {
  // Signing out leaves no row among the sessions; the access log still knows when somebody was here.
  const rows = await sql<Row[]>`
    select u.id, u.email, u.name, u.role, u.area, u.trained_on::text as "trainedOn", u.created_at as "createdAt",
      greatest(s.used_at, (select at from access_log where user_id = u.id order by id desc limit 1)) as "lastSeenAt",
      coalesce(s.open, 0) as devices, not exists (select 1 from invitations i
        where i.user_id = u.id and i.kind = 'reset' and ${isOpen(sql)}) as "hasAuthenticator",
      u.disabled_at as "disabledAt", d.name as "disabledBy", u.disabled_reason as "disabledReason"
    from users u left join users d on d.id = u.disabled_by
    left join lateral (
      select max(last_used_at) as used_at, (count(*) filter (
        where revoked_at is null and idle_expires_at > now() and absolute_expires_at > now()))::int as open
      from sessions where user_id = u.id and assurance = 'password+totp') s on true
    order by u.disabled_at is not null, lower(u.name), u.id`;
  return rows.map(({ createdAt, lastSeenAt, disabledAt, disabledBy, disabledReason, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
    disabled: disabledAt && { at: disabledAt.toISOString(), by: disabledBy, reason: disabledReason },
  }));
};
