/**
 * One-time links: the first administrator (printed by a server without users), invited people, a new authenticator after
 * a reset, and a new password for whoever forgot theirs.
 * Rule: an account or authenticator counts only after a code has proved it, from whoever typed the password last, and the
 * link dies with that.
 */
import { randomBytes } from "node:crypto";
import { INVITATION_MS, type InvitationState, type InvitationView, type Role, type User } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";
import { type Actor, decideTogether, takeTurn } from "../people/administrators.ts";
import { checkPassword } from "./password-rules.ts";
import { assertRoom, hashPassword, verifyPassword } from "./passwords.ts";
import { createRecoveryCodes } from "./recovery.ts";
import { countAttempt, forgetAttempts } from "./throttle.ts";
import { createTotpSecret, describeTotp, matchingStep } from "./totp.ts";

/** A day: long enough for a server that is set up in the evening and finished the next morning. */
const SETUP_MS = 24 * 3_600_000;

type WithDatabase = Pick<Central, "database">;

/** Says whether nobody has an account yet. */
export const isSetupNeeded = async ({ database }: WithDatabase): Promise<boolean> =>
  (await database.sql`select 1 from users limit 1`).length === 0;

const createToken = (): string => randomBytes(32).toString("base64url");

/** Where a link leads. The token travels in the URL's fragment, so no log sees it. */
export const linkOf = (publicUrl: string, token: string): string => `${publicUrl}/join#${token}`;

/** Makes the first administrator's link and voids every earlier one. */
export const createSetupToken = async ({ database }: WithDatabase): Promise<string> => {
  const token = createToken();
  await database.sql.begin(async (transaction) => {
    await transaction`update invitations set cancelled_at = now(), pending = null
      where kind = 'setup' and used_at is null and cancelled_at is null`;
    await transaction`insert into invitations (token_hash, kind, role, expires_at)
      values (${sha256(token)}, 'setup', 'admin', ${new Date(Date.now() + SETUP_MS)})`;
  });
  return token;
};

export type Invitation = {
  kind: "invite" | "reset" | "password";
  email: string;
  name: string;
  role: Role;
  area: string | null;
  trainedOn: string | null;
  userId: string | null;
};

/** Makes a link for a person, within a turn; every earlier one for the same address is void. @returns the token, once */
export const createInvitation = async (
  transaction: Transaction,
  invitation: Invitation,
  by: Actor,
): Promise<{ id: string; token: string; expiresAt: Date }> => {
  const token = createToken();
  const expiresAt = new Date(Date.now() + INVITATION_MS);
  await transaction`update invitations set cancelled_at = now(), pending = null
    where email = ${invitation.email} and used_at is null and cancelled_at is null`;
  const [made] = await transaction<{ id: string }[]>`
    insert into invitations (token_hash, kind, email, name, role, area, trained_on, user_id, invited_by, expires_at)
    values (${sha256(token)}, ${invitation.kind}, ${invitation.email}, ${invitation.name}, ${invitation.role}, ${invitation.area},
      ${invitation.trainedOn}, ${invitation.userId}, ${by?.id ?? null}, ${expiresAt}) returning id`;
  if (!made) throw new Error("the invitation was not stored");
  return { id: made.id, token, expiresAt };
};

/**
 * A condition on the row `i`: its link can be used. A set-up link is void as soon as anybody has an account, also one that
 * was made with the operator's command. An administrator's invitation is void while administrators decide together: else
 * whoever was alone once could keep a drawer full of them.
 */
export const isOpen = (
  sql: Sql | Transaction,
) => sql`i.used_at is null and i.cancelled_at is null and i.expires_at > now()
  and (i.kind <> 'setup' or not exists (select 1 from users))
  and not (i.kind = 'invite' and i.role = 'admin' and i.invited_by is not null and ${decideTogether(sql)})`;

/** Links that people can still use, newest first. */
export const readInvitations = async (sql: Sql | Transaction): Promise<InvitationView[]> => {
  const rows = await sql<(Omit<InvitationView, "expiresAt"> & { expiresAt: Date })[]>`
    select i.id, i.kind, i.email, i.name, i.role, u.name as "invitedBy", i.expires_at as "expiresAt"
    from invitations i left join users u on u.id = i.invited_by
    where i.kind <> 'setup' and ${isOpen(sql)} order by i.created_at desc`;
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt.toISOString() }));
};

/** Voids a person's link. @throws AppError not_found */
export const cancelInvitation = async ({ database }: WithDatabase, id: string): Promise<void> => {
  const cancelled = await database.sql`update invitations set cancelled_at = now(), pending = null
    where id = ${id} and kind <> 'setup' and used_at is null and cancelled_at is null`;
  if (cancelled.count === 0) throw new AppError("not_found", "This link was used or withdrawn already.");
};

/** `totpSecret` is null where the authenticator stays; `proofHash` is the SHA-256 of the proof, in base64url. */
type Pending = { email: string; name: string; passwordHash: string; totpSecret: string | null; proofHash: string };
type Row = Omit<Invitation, "kind" | "email" | "name"> & {
  id: string;
  kind: "setup" | Invitation["kind"];
  email: string | null;
  name: string | null;
  pending: Pending | null;
};

type Accepted = Row & { pending: Pending };

const notOpen = () =>
  new AppError(
    "not_found",
    "This link was used, replaced, withdrawn or is too old. Ask for a new one; for the first account, restart the server.",
  );

const hashOfProof = (proof: string): string => sha256(proof).toString("base64url");

const findOpen = async (sql: Sql | Transaction, token: string): Promise<Row> => {
  const [row] = await sql<Row[]>`
    select id, kind, email, name, role, area, trained_on::text as "trainedOn", user_id as "userId", pending
    from invitations i where token_hash = ${sha256(token)} and ${isOpen(sql)}`;
  if (!row) throw notOpen();
  return row;
};

/** A link whose password was typed by whoever holds this proof, and by nobody since. @throws AppError not_found */
const findAccepted = async (
  sql: Sql | Transaction,
  { token, proof }: Pick<Confirming, "token" | "proof">,
): Promise<Accepted> => {
  const row = await findOpen(sql, token);
  const { pending } = row;
  if (!pending || pending.proofHash !== hashOfProof(proof)) throw notOpen();
  return { ...row, pending };
};

/** What a link is for. @throws AppError not_found */
export const readInvitation = async (central: Central, token: string): Promise<InvitationState> => {
  const { kind, email, name, role } = await findOpen(central.database.sql, token);
  const { settings } = await central.policy.current();
  return { kind, email, name, role, organisation: settings.organisation };
};

export type Accepting = { token: string; email?: string | undefined; name?: string | undefined; password: string };

/** Whose link it is: the first administrator says so, everybody else was named by whoever invited them. */
const identityOf = (row: Row, input: Accepting): { email: string; name: string } => {
  const email = row.kind === "setup" ? input.email : row.email;
  const name = row.kind === "setup" ? input.name : row.name;
  if (!email || !name) throw new AppError("invalid", "The e-mail address and the name are missing.");
  return { email, name };
};

/** After a reset the person proves that the account is theirs; else a new password is made. */
const passwordHashOf = async (central: Central, row: Row, input: Accepting, email: string): Promise<string> => {
  if (row.kind !== "reset") {
    const { settings } = await central.policy.current();
    checkPassword(input.password, [email, input.name ?? row.name ?? "", settings.organisation]);
    return hashPassword(input.password);
  }
  const { sql } = central.database;
  assertRoom();
  // By link, not by account: whoever has found one cannot lock its person out.
  await countAttempt(sql, "password", row.id);
  const [user] = await sql<{ hash: string }[]>`
    select password_hash as hash from users where id = ${row.userId} and disabled_at is null`;
  if (!(await verifyPassword(user?.hash ?? null, input.password)) || !user)
    throw new AppError("sign_in_failed", "This is not the password of this account.");
  await forgetAttempts(sql, "password", row.id);
  return user.hash;
};

/**
 * What a new authenticator is set up with (nulls where the person keeps the one they have), and what to come back with: the
 * link alone, which others may have seen, does not confirm a password that somebody else typed.
 */
export type Enrolment = ({ totpSecret: string; totpUri: string } | { totpSecret: null; totpUri: null }) & {
  proof: string;
};

/**
 * Holds what the person typed and makes the secret for the authenticator; may be repeated until confirmed, and the last one
 * counts.
 */
export const acceptInvitation = async (central: Central, input: Accepting): Promise<Enrolment> => {
  const { sql } = central.database;
  const row = await findOpen(sql, input.token);
  const { email, name } = identityOf(row, input);
  const secret = row.kind === "password" ? null : createTotpSecret();
  const proof = createToken();
  const pending: Pending = {
    email,
    name,
    passwordHash: await passwordHashOf(central, row, input, email),
    totpSecret: secret && central.keys.seal(secret).toString("base64"),
    proofHash: hashOfProof(proof),
  };
  const held = await sql`update invitations set pending = ${JSON.stringify(pending)}::text::jsonb
    where id = ${row.id} and used_at is null and cancelled_at is null`;
  if (held.count === 0) throw notOpen();
  return { ...(secret ? describeTotp(secret, email) : { totpSecret: null, totpUri: null }), proof };
};

/** What the code fits: the step, and the sealed secret that it belongs to. */
type Proved = { step: number; sealed: Buffer };

const makeUser = async (
  transaction: Transaction,
  { pending, ...row }: Accepted,
  { step, sealed }: Proved,
): Promise<User> => {
  const [user] = await transaction<User[]>`
    insert into users (email, name, role, area, trained_on, password_hash, totp_secret, totp_last_step)
    values (${pending.email}, ${pending.name}, ${row.role}, ${row.area}, ${row.kind === "setup" ? transaction`current_date` : row.trainedOn},
      ${pending.passwordHash}, ${sealed}, ${step})
    on conflict (email) do nothing returning id, email, name, role, area, trained_on::text as "trainedOn"`;
  if (!user) throw new AppError("conflict", `${pending.email} has an account already.`);
  return user;
};

/**
 * A new password, or a new authenticator for whoever proved the password that is still in force. Null when the code of an
 * authenticator that stays was used before.
 */
const renewAccess = async (
  transaction: Transaction,
  { kind, userId, pending: { passwordHash } }: Accepted,
  { step, sealed }: Proved,
): Promise<User | null> => {
  const keeps = kind === "password";
  const [user] = await transaction<User[]>`
    update users set totp_last_step = ${step}, ${
      keeps
        ? transaction`password_hash = ${passwordHash}, password_changed_at = now()`
        : transaction`totp_secret = ${sealed}`
    }
    where id = ${userId} and disabled_at is null
      and ${keeps ? transaction`totp_last_step < ${step}` : transaction`password_hash = ${passwordHash}`}
    returning id, email, name, role, area, trained_on::text as "trainedOn"`;
  if (!user && !keeps) throw notOpen();
  return user ?? null;
};

/** The code fits the new authenticator, or the one that the person has and keeps. */
const prove = async (
  central: Central,
  transaction: Transaction,
  { userId, pending: { totpSecret } }: Accepted,
  code: string,
): Promise<Proved | null> => {
  const [kept] = totpSecret
    ? [{ sealed: Buffer.from(totpSecret, "base64") }]
    : await transaction<{ sealed: Buffer }[]>`select totp_secret as sealed from users where id = ${userId}`;
  if (!kept) return null;
  const step = matchingStep(central.keys.unseal(kept.sealed), code, Date.now());
  return step === null ? null : { step, sealed: kept.sealed };
};

export type Confirming = { token: string; proof: string; code: string };
export type Confirmed = { kind: Row["kind"]; user: User; recoveryCodes: string[] };

/**
 * Makes the account, or gives it its new authenticator or password, when the code fits.
 * @returns the person and ten new recovery codes (none with a new password), or null when the code does not fit
 */
export const confirmInvitation = async (central: Central, input: Confirming): Promise<Confirmed | null> => {
  const { sql } = central.database;
  const { kind, userId } = await findAccepted(sql, input);
  // Whoever has found such a link would guess at the person's own authenticator.
  if (kind === "password" && userId) await countAttempt(sql, "code", userId);
  const confirmed = await sql.begin(async (transaction): Promise<Confirmed | null> => {
    // In turn: two tabs cannot both use the link, nor an administrator join while another one does.
    await takeTurn(transaction, null);
    const row = await findAccepted(transaction, input);
    const proved = await prove(central, transaction, row, input.code);
    if (!proved) return null;
    const isKnown = row.kind === "reset" || row.kind === "password";
    const user = await (isKnown ? renewAccess : makeUser)(transaction, row, proved);
    if (!user) return null;
    await transaction`update invitations set used_at = now(), pending = null where id = ${row.id}`;
    const recoveryCodes = row.kind === "password" ? [] : await createRecoveryCodes(transaction, user.id);
    return { kind: row.kind, user, recoveryCodes };
  });
  if (confirmed && kind === "password" && userId) await forgetAttempts(sql, "code", userId);
  return confirmed;
};
