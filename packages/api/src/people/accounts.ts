/**
 * Changes to people's accounts by administrators and by the operator's command.
 * Rule: nobody changes their own standing, and whoever loses it loses what they asked for and every device at once.
 */
import type { Notice, User } from "@chaverim/contracts";
import type { Transaction } from "@chaverim/db/open";
import { createInvitation, linkOf } from "../auth/invitations.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { type Actor, adminUntil, assertNotLast, nameOf, takeTurn } from "./administrators.ts";
import { checkTrainedOn } from "./fields.ts";

export type Person = Pick<User, "id" | "email" | "name" | "role" | "area" | "trainedOn"> & { isDisabled: boolean };

/** @throws AppError not_found */
export const findPerson = async (transaction: Transaction, id: string): Promise<Person> => {
  const [person] = await transaction<Person[]>`
    select id, email, name, role, area, trained_on::text as "trainedOn", disabled_at is not null as "isDisabled"
    from users where id = ${id}`;
  if (!person) throw new AppError("not_found", "There is no such person.");
  return person;
};

/** @throws AppError forbidden */
export const assertOther = (by: Actor, person: Pick<Person, "id">): void => {
  if (by?.id === person.id)
    throw new AppError("forbidden", "Nobody does this to their own account. Another administrator can.");
};

/** @throws AppError conflict */
export const assertEnabled = ({ name, isDisabled }: Person): void => {
  if (isDisabled) throw new AppError("conflict", `${name}'s account is disabled. Enable it first.`);
};

/** Tells a person, on each of their devices. */
export const notify = (transaction: Transaction, userId: string, kind: Notice["kind"], by: Actor) =>
  transaction`insert into notices (user_id, kind, detail)
    values (${userId}, ${kind}, ${JSON.stringify({ by: nameOf(by) })}::text::jsonb)`;

/** Voids what a person asked for (links, new administrators), and the question whether they become an administrator. */
export const withdrawRequests = async (transaction: Transaction, userId: string): Promise<void> => {
  await transaction`update approvals set decided_at = now(), approved = false
    where decided_at is null and (requested_by = ${userId} or user_id = ${userId})`;
  await transaction`update invitations set cancelled_at = now(), pending = null
    where used_at is null and cancelled_at is null and invited_by = ${userId}`;
};

export type Details = { name?: string | undefined; area?: string | null | undefined; trainedOn?: string | undefined };

/**
 * Changes what is known about a person; not by themselves, whom the training and the area hold back.
 * @throws AppError not_found | forbidden | invalid
 */
export const updatePerson = async (
  central: Pick<Central, "database" | "policy">,
  by: Actor,
  id: string,
  { name, area, trainedOn }: Details,
): Promise<void> => {
  assertOther(by, { id });
  await checkTrainedOn(central, trainedOn);
  const { sql } = central.database;
  const changed = await sql`update users set name = coalesce(${name ?? null}, name),
    area = ${area === undefined ? sql`area` : area}, trained_on = coalesce(${trainedOn ?? null}, trained_on) where id = ${id}`;
  if (changed.count === 0) throw new AppError("not_found", "There is no such person.");
};

/**
 * Shuts a person out, or lets them in again.
 * @throws AppError not_found | forbidden | conflict
 */
export const setDisabled = async (
  central: Pick<Central, "database" | "sessions">,
  by: Actor,
  { id, disabled, reason }: { id: string; disabled: boolean; reason: string | null },
): Promise<void> => {
  await central.database.sql.begin(async (transaction) => {
    await takeTurn(transaction, by);
    const person = await findPerson(transaction, id);
    if (person.isDisabled === disabled) return;
    if (disabled && person.role === "admin") await assertNotLast(transaction, person);
    assertOther(by, person);
    if (disabled) await withdrawRequests(transaction, id);
    // Whoever was demoted before stays counted, whatever else is done to the account.
    const until = disabled ? adminUntil(by) : null;
    await transaction`update users set disabled_at = ${disabled ? transaction`now()` : null},
      admin_until = ${person.role === "admin" ? until : transaction`admin_until`},
      disabled_by = ${disabled ? (by?.id ?? null) : null}, disabled_reason = ${disabled ? reason : null} where id = ${id}`;
  });
  // Also when letting in: a server that was killed just here would have left the devices of before.
  await central.sessions.revokeAll(id, by?.id ?? null);
};

/** Which half somebody has lost, and what their devices are told about it. */
const NOTICES = { reset: "authenticator_reset", password: "password_reset" } as const;

/** Makes a one-time link for somebody who has an account, and tells their devices. @returns the link, once */
const makeLink =
  (kind: keyof typeof NOTICES) =>
  (
    { database }: Pick<Central, "database">,
    publicUrl: string,
    by: Actor,
    id: string,
  ): Promise<{ link: string; expiresAt: string }> =>
    database.sql.begin(async (transaction) => {
      await takeTurn(transaction, by);
      const person = await findPerson(transaction, id);
      assertOther(by, person);
      assertEnabled(person);
      await notify(transaction, id, NOTICES[kind], by);
      const { email, name, role, area, trainedOn } = person;
      const invitation = { kind, email, name, role, area, trainedOn, userId: id };
      const { token, expiresAt } = await createInvitation(transaction, invitation, by);
      return { link: linkOf(publicUrl, token), expiresAt: expiresAt.toISOString() };
    });

/**
 * Makes the link for a new password; the old one goes on until it is used, and the authenticator stays.
 * @throws AppError not_found | forbidden | conflict
 */
export const resetPassword = makeLink("password");

/**
 * Makes the link for a new authenticator. The old one and the recovery codes go on until it is used: else one administrator
 * could disarm the others. The person's devices stay, so that they see it.
 * @throws AppError not_found | forbidden | conflict
 */
export const resetAuthenticator = makeLink("reset");
