/**
 * Roles: who gives them, and what a second administrator has to agree to.
 * Rule: neither who asked nor whom it is about decides, and what is not decided in two days is void.
 */
import type { ApprovalView, Role, User } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { type Person, assertEnabled, assertOther, findPerson, notify, withdrawRequests } from "./accounts.ts";
import { APPROVAL_MS, adminUntil, assertNotLast, decideTogether, takeTurn } from "./administrators.ts";

type Row = Omit<ApprovalView, "requestedAt" | "expiresAt"> & { requestedAt: Date; expiresAt: Date };

/** What waits for a decision, oldest first. */
export const readApprovals = async (sql: Sql | Transaction): Promise<ApprovalView[]> => {
  const rows = await sql<Row[]>`
    select a.id, a.kind, a.reason, jsonb_build_object('id', p.id, 'name', p.name) as person,
      jsonb_build_object('id', r.id, 'name', r.name) as "requestedBy", a.requested_at as "requestedAt", a.expires_at as "expiresAt"
    from approvals a join users p on p.id = a.user_id join users r on r.id = a.requested_by
    where a.decided_at is null and a.expires_at > now() order by a.requested_at`;
  return rows.map((row) => ({
    ...row,
    requestedAt: row.requestedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }));
};

/**
 * Asks another administrator to make somebody one, too.
 * @throws AppError conflict when that was asked already
 */
const requestAdministrator = async (
  transaction: Transaction,
  by: Pick<User, "id">,
  person: Pick<User, "id" | "name">,
  reason: string,
): Promise<ApprovalView> => {
  await transaction`update approvals set decided_at = expires_at, approved = false
    where user_id = ${person.id} and decided_at is null and expires_at <= now()`;
  const [made] = await transaction<{ id: string }[]>`
    insert into approvals (kind, user_id, reason, requested_by, expires_at)
    values ('grant_admin', ${person.id}, ${reason}, ${by.id}, ${new Date(Date.now() + APPROVAL_MS)})
    on conflict do nothing returning id`;
  if (!made) throw new AppError("conflict", `Another administrator has been asked about ${person.name} already.`);
  const asked = (await readApprovals(transaction)).find(({ id }) => id === made.id);
  if (!asked) throw new Error("the request was not stored");
  return asked;
};

/** Gives a person a role, within a turn; the caller ends their devices when it is committed. @throws AppError conflict */
const applyRole = async (transaction: Transaction, by: User, person: Person, role: Role): Promise<void> => {
  assertEnabled(person);
  if (person.role === "admin") await assertNotLast(transaction, person);
  await withdrawRequests(transaction, person.id);
  const loses = person.role === "admin" ? adminUntil(by) : transaction`admin_until`;
  await transaction`update users set role = ${role}, admin_until = ${role === "admin" ? null : loses} where id = ${person.id}`;
  await notify(transaction, person.id, "role_changed", by);
};

/**
 * Gives a person another role.
 * @returns the request to a second administrator where one has to agree, else null
 * @throws AppError not_found | forbidden | conflict
 */
export const setRole = async (
  central: Pick<Central, "database" | "sessions">,
  by: User,
  { id, role, reason }: { id: string; role: Role; reason: string },
): Promise<ApprovalView | null> => {
  const approval = await central.database.sql.begin(async (transaction) => {
    await takeTurn(transaction, by);
    const person = await findPerson(transaction, id);
    assertOther(by, person);
    assertEnabled(person);
    if (person.role === role) throw new AppError("conflict", `${person.name} has this role already.`);
    const [needed] = await transaction<{ second: boolean }[]>`select ${decideTogether(transaction)} as second`;
    if (role === "admin" && needed?.second) return requestAdministrator(transaction, by, person, reason);
    await applyRole(transaction, by, person, role);
    return null;
  });
  if (!approval) await central.sessions.revokeAll(id, by.id);
  return approval;
};

/**
 * Decides what another administrator asked for.
 * @throws AppError not_found | forbidden | conflict
 */
export const decideApproval = async (
  central: Pick<Central, "database" | "sessions">,
  by: User,
  { id, approve }: { id: string; approve: boolean },
): Promise<void> => {
  const changed = await central.database.sql.begin(async (transaction) => {
    await takeTurn(transaction, by);
    const [asked] = await transaction<{ userId: string; requestedBy: string }[]>`
      select user_id as "userId", requested_by as "requestedBy" from approvals
      where id = ${id} and decided_at is null and expires_at > now()`;
    if (!asked) throw new AppError("not_found", "This was decided already, withdrawn, or is too old. Ask again.");
    if (asked.requestedBy === by.id || asked.userId === by.id)
      throw new AppError("forbidden", "Another administrator than the one who asked decides about this.");
    await transaction`update approvals set decided_by = ${by.id}, decided_at = now(), approved = ${approve} where id = ${id}`;
    if (!approve) return null;
    const person = await findPerson(transaction, asked.userId);
    await applyRole(transaction, by, person, "admin");
    return person.id;
  });
  if (changed) await central.sessions.revokeAll(changed, by.id);
};
