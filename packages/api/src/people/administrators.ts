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

/**
 * Waits until nobody else changes people.
 * @throws AppError forbidden when whoever asks ceased to be an administrator while waiting
 */
export const takeTurn = async (transaction: Transaction, by: Actor): Promise<void> => {
  await transaction`select pg_advisory_xact_lock(hashtext('chaverim.people'))`;
  if (!by) return;
  const [still] = await transaction`
    select 1 from users where id = ${by.id} and role = 'admin' and disabled_at is null and totp_secret is not null`;
  if (!still) throw new AppError("forbidden", "You are no longer an administrator who can sign in.");
};

/** Two people decide about a new administrator: as soon as there are two who can. */
const TOGETHER = 2;

/**
 * A condition: administrators decide together. Those count who are not disabled, also while one waits for a new
 * authenticator: else a reset would be a way to decide alone.
 */
export const decideTogether = (sql: Sql | Transaction) =>
  sql`(select count(*) from users where role = 'admin' and disabled_at is null) >= ${TOGETHER}`;

/** @throws AppError conflict when nobody else could administer */
export const assertNotLast = async (transaction: Transaction, person: Pick<User, "id" | "name">): Promise<void> => {
  const [other] = await transaction`
    select 1 from users where role = 'admin' and disabled_at is null and totp_secret is not null and id <> ${person.id} limit 1`;
  if (!other)
    throw new AppError(
      "conflict",
      `${person.name} is the last administrator who can sign in. Make somebody else an administrator first.`,
    );
};
