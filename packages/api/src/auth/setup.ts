/**
 * The first administrator: a one-time link, printed by a server that has no user yet.
 * Rule: the account exists only after its authenticator has proved itself with a code, and the link dies with that.
 */
import { randomBytes } from "node:crypto";
import type { User } from "@chaverim/contracts";
import { setupLinks, users } from "@chaverim/db/schema";
import { and, eq, gt, sql } from "drizzle-orm";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";
import { hashPassword } from "./passwords.ts";
import { createTotpSecret, describeTotp, matchingStep } from "./totp.ts";

/** A day: long enough for a server that is set up in the evening and finished the next morning. */
const LINK_LIFETIME_MS = 24 * 3_600_000;

type WithDatabase = Pick<Central, "database">;

/** Says whether nobody has an account yet. */
export const isSetupNeeded = async ({ database }: WithDatabase): Promise<boolean> =>
  (await database.sql`select 1 from users limit 1`).length === 0;

/** Makes a new link's token and voids every earlier one. The token travels in the URL's fragment, so no log sees it. */
export const createSetupToken = async ({ database }: WithDatabase): Promise<string> => {
  const token = randomBytes(32).toString("base64url");
  await database.orm.transaction(async (transaction) => {
    await transaction.delete(setupLinks);
    await transaction
      .insert(setupLinks)
      .values({ tokenHash: sha256(token), expiresAt: new Date(Date.now() + LINK_LIFETIME_MS) });
  });
  return token;
};

/** A link is void as soon as anybody has an account, also one that was made with the operator's command. */
const openLink = (token: string) =>
  and(
    eq(setupLinks.tokenHash, sha256(token)),
    gt(setupLinks.expiresAt, new Date()),
    sql`not exists (select 1 from ${users})`,
  );

export const isSetupOpen = async ({ database }: WithDatabase, token: string): Promise<boolean> =>
  (await database.orm.select({ expiresAt: setupLinks.expiresAt }).from(setupLinks).where(openLink(token))).length === 1;

/** Holds what the person typed and makes the secret for the authenticator; may be repeated until confirmed. */
export const startSetup = async (
  central: Central,
  input: { token: string; email: string; name: string; password: string },
): Promise<{ totpSecret: string; totpUri: string }> => {
  const secret = createTotpSecret();
  const pending = {
    email: input.email,
    name: input.name,
    passwordHash: await hashPassword(input.password),
    totpSecret: central.keys.seal(secret).toString("base64"),
  };
  const held = await central.database.orm
    .update(setupLinks)
    .set({ pending })
    .where(openLink(input.token))
    .returning({ at: setupLinks.expiresAt });
  if (held.length === 0)
    throw new AppError("not_found", "This set-up link was used or is too old. Restart the server to get a new one.");
  return describeTotp(secret, input.email);
};

/** Makes the first administrator when the code fits; null when it does not. */
export const confirmSetup = async (central: Central, input: { token: string; code: string }): Promise<User | null> =>
  central.database.orm.transaction(async (transaction) => {
    // Locked, so that two tabs cannot both become the first administrator.
    const [link] = await transaction.select().from(setupLinks).where(openLink(input.token)).for("update");
    if (!link?.pending)
      throw new AppError("not_found", "This set-up link was used or is too old. Restart the server to get a new one.");
    const { email, name, passwordHash, totpSecret } = link.pending;
    const sealed = Buffer.from(totpSecret, "base64");
    const step = matchingStep(central.keys.unseal(sealed), input.code, Date.now());
    if (step === null) return null;
    const [user] = await transaction
      .insert(users)
      .values({ email, name, role: "admin", passwordHash, totpSecret: sealed, totpLastStep: step })
      .returning({ id: users.id, email: users.email, name: users.name, role: users.role });
    await transaction.delete(setupLinks);
    return user ?? null;
  });
