/**
 * Signing in: password, then a code or a recovery code; the session exists only after both.
 * Rule: an unknown user, a wrong password and a disabled account are told in the same words and the same time.
 */
import { type User, normalizeEmail } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import { AppError, toAppError } from "../failure.ts";
import { appendEntry } from "../audit/append.ts";
import type { Session } from "../sessions/port.ts";
import type { Context } from "../trpc.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { guesserOf, knownSince, rememberDevice } from "./device-cookies.ts";
import { tellOtherDevices, wasSignedIn } from "./devices.ts";
import { assertRoom, hashPassword, needsRehash, verifyPassword } from "./passwords.ts";
import { takeRecoveryCode } from "./recovery.ts";
import { describeDevice } from "./request.ts";
import { countAttempt, forgetAttempts } from "./throttle.ts";
import { matchingStep, takeStep } from "./totp.ts";

const signInFailed = () =>
  new AppError("sign_in_failed", "E-mail and password do not fit together. Check both and try again.");
export const codeFailed = () =>
  new AppError("sign_in_failed", "This code does not fit. Wait for the next one in your app and try again.");

/** @throws AppError invalid over WebSocket, where no cookie can be set */
export const responseOf = (ctx: Context): NonNullable<Context["response"]> => {
  if (!ctx.response) throw new AppError("invalid", "Sign in over HTTP; the live channel cannot set cookies.");
  return ctx.response;
};

type Account = { id: string; passwordHash: string };

/** Checks the password and opens the five minutes for the code. */
export const login = async (ctx: Context, input: { email: string; password: string }): Promise<{ next: "totp" }> => {
  const { central } = ctx;
  const { sql } = central.database;
  const response = responseOf(ctx);
  const email = normalizeEmail(input.email);
  await central.limits.consume("signIn", ctx.ip);
  assertRoom();
  const [user] = await sql<Account[]>`
    select id, password_hash as "passwordHash" from users where email = ${email} and disabled_at is null`;
  await countAttempt(sql, "password", guesserOf(ctx, user?.id, email));
  if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) throw signInFailed();
  if (needsRehash(user.passwordHash))
    await sql`update users set password_hash = ${await hashPassword(input.password)} where id = ${user.id}`;
  const { id, maxAgeSeconds } = await central.sessions.create(user.id, {
    ...describeDevice(ctx.request, "desktop", ctx.ip),
    assurance: "password",
    steppedUp: false,
  });
  writeCookie(response, "signin", central.origins.secure, { value: id, maxAgeSeconds });
  return { next: "totp" };
};

/** Whoever has given the password and not yet the code. @throws AppError signed_out */
const readPending = async (ctx: Context): Promise<Session> => {
  const id = readCookie(ctx.request, "signin", ctx.central.origins.secure);
  const pending = id ? await ctx.central.sessions.validate(id, false) : null;
  if (pending?.assurance !== "password")
    throw new AppError("signed_out", "Five minutes have passed. Enter your password again.");
  return pending;
};

type SignedInBy = "auth.signedIn" | "auth.recovered" | "auth.joined";

/** Opens the full session, writes it down, and tells the person's other devices what they have to know. */
export const openSession = async (ctx: Context, user: User, installed: boolean, action: SignedInBy): Promise<void> => {
  const { central } = ctx;
  const { sql } = central.database;
  const response = responseOf(ctx);
  const device = describeDevice(ctx.request, installed ? "app" : "desktop", ctx.ip);
  const isNew = knownSince(ctx, user.id) === null && (await wasSignedIn(sql, user.id));
  const startedAt = new Date();
  // One browser, one session: the one that its cookie named before is not left behind.
  const before = readCookie(ctx.request, "session", central.origins.secure);
  if (before) await central.sessions.end(before);
  const { id, maxAgeSeconds } = await central.sessions.create(user.id, {
    ...device,
    assurance: "password+totp",
    // Whoever has found the paper with the codes gets in, and changes nothing of weight.
    steppedUp: action !== "auth.recovered",
  });
  const session = await central.sessions.validate(id, false);
  // Disabled in this very moment.
  if (!session) throw signInFailed();
  await appendSignIn(ctx, session, action, { kind: device.kind });
  if (isNew) await tellOtherDevices(sql, user.id, "new_device", session, startedAt);
  if (action === "auth.recovered") await tellOtherDevices(sql, user.id, "recovery_code_used", session, startedAt);
  writeCookie(response, "signin", central.origins.secure, null);
  writeCookie(response, "session", central.origins.secure, { value: id, maxAgeSeconds });
  rememberDevice(ctx, response, user.id);
};

const appendSignIn = (
  ctx: Context,
  who: Session,
  action: SignedInBy | "auth.signInFailed",
  filters: Record<string, unknown>,
): Promise<void> =>
  appendEntry(ctx.central, {
    requestId: ctx.requestId,
    who,
    ip: ctx.ip,
    action,
    plate: null,
    filters,
    ...(action === "auth.signInFailed" ? { outcome: "denied", failure: "sign_in_failed" } : { outcome: "ok" }),
  });

/** The password was right and what came after it was not: that is what a stolen password looks like. */
const writingFailures = async (ctx: Context, pending: Session, step: Promise<void>): Promise<void> => {
  try {
    await step;
  } catch (refusal) {
    if (toAppError(refusal).code === "sign_in_failed") await appendSignIn(ctx, pending, "auth.signInFailed", {});
    throw refusal;
  }
};

const finish = async (
  ctx: Context,
  pending: Session,
  installed: boolean,
  action: "auth.signedIn" | "auth.recovered",
): Promise<{ user: User }> => {
  const { central } = ctx;
  const { id, email } = pending.user;
  await forgetAttempts(central.database.sql, "password", guesserOf(ctx, id, email));
  await central.sessions.end(pending.id);
  await openSession(ctx, pending.user, installed, action);
  return { user: pending.user };
};

/**
 * Takes a code of the person's authenticator; once, however many tries arrive at the same moment.
 * @param guesser whose count the attempt goes to
 */
export const takeCode = async (central: Central, userId: string, code: string, guesser: string): Promise<void> => {
  const { sql } = central.database;
  await countAttempt(sql, "code", guesser);
  const [row] = await sql<{ secret: Buffer }[]>`select totp_secret as secret from users where id = ${userId}`;
  const step = row ? matchingStep(central.keys.unseal(row.secret), code, Date.now()) : null;
  if (step === null || !(await takeStep(sql, userId, step))) throw codeFailed();
  await forgetAttempts(sql, "code", guesser);
};

/** Ends signing in with a code of the authenticator. */
export const signInWithCode = async (
  ctx: Context,
  input: { code: string; installed: boolean },
): Promise<{ user: User }> => {
  const pending = await readPending(ctx);
  const { id } = pending.user;
  await writingFailures(ctx, pending, takeCode(ctx.central, id, input.code, guesserOf(ctx, id, id)));
  return finish(ctx, pending, input.installed, "auth.signedIn");
};

const useRecoveryCode = async (ctx: Context, userId: string, code: string): Promise<void> => {
  const { sql } = ctx.central.database;
  const guesser = guesserOf(ctx, userId, userId);
  await countAttempt(sql, "recovery", guesser);
  if (!(await takeRecoveryCode(sql, userId, code)))
    throw new AppError("sign_in_failed", "This recovery code does not fit, or it was used before.");
  await forgetAttempts(sql, "recovery", guesser);
};

/** Ends signing in with a recovery code. */
export const signInWithRecoveryCode = async (
  ctx: Context,
  input: { code: string; installed: boolean },
): Promise<{ user: User }> => {
  const pending = await readPending(ctx);
  await writingFailures(ctx, pending, useRecoveryCode(ctx, pending.user.id, input.code));
  return finish(ctx, pending, input.installed, "auth.recovered");
};
