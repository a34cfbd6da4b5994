/**
 * What keeps administrators in check: one of them is always left, and where there are two, a new one takes two people.
 * Rule: whatever changes who may do what waits for its turn here, so that two at the same moment cannot get around it.
 */
import type { User } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { CONSOLE_NAME } from "../alerts/view.ts";
import { AppError } from "../failure.ts";

/** Who does it; null is the operator's command, which stands above the roles. */
export type Actor = Pick<User, "id" | "name"> | null;

export const nameOf = (by: Actor): string => by?.name ?? CONSOLE_NAME;

/** How long a question to a second administrator waits, as long as an invitation: a weekend's day of rest lies within it. */
export const APPROVAL_MS = 48 * 3_600_000;

/**
 * Waits until nobody else changes people.
 * @throws AppError forbidden when whoever asks ceased to be an administrator while waiting
 */
export const takeTurn = async (transaction: Transaction, by: Actor): Promise<void> => {
  await transaction`select pg_advisory_xact_lock(hashtext('chaverim.people'))`;
  if (!by) return;
  const [still] = await transaction`
    select 1 from users where id = ${by.id} and role = 'admin' and disabled_at is null`;
  if (!still) throw new AppError("forbidden", "You are no longer an administrator who can sign in.");
};

/** Two people decide about a new administrator: as soon as there are two who can. */
const TOGETHER = 2;

/**
 * A condition: administrators decide together. Whom another one demoted or disabled counts for as long as a question would
 * have waited for them: else one would put the others out for a moment to decide alone.
 */
export const decideTogether = (sql: Sql | Transaction) =>
  sql`(select count(*) from users where (role = 'admin' and disabled_at is null) or admin_until > now()) >= ${TOGETHER}`;

/**
 * Until when somebody counts who ceases to be an administrator now; a value for users.admin_until. What the operator's
 * command does is not held up by it: it is the way out.
 */
export const adminUntil = (by: Actor): Date | null => by && new Date(Date.now() + APPROVAL_MS);

/** @throws AppError conflict when nobody else could administer */
export const assertNotLast = async (transaction: Transaction, person: Pick<User, "id" | "name">): Promise<void> => {
  const [other] = await transaction`
    select 1 from users where role = 'admin' and disabled_at is null and id <> ${person.id} limit 1`;
  if (!other)
    throw new AppError(
      "conflict",
      `${person.name} is the last administrator who can sign in. Make somebody else an administrator first.`,
    );
};
