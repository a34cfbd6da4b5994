/**
 * Signing in: password, then a code; the session exists only after both.
 * Rule: an unknown user, a wrong password and a disabled account are told in the same words and the same time.
 */
import { PASSWORD_MAX, PASSWORD_MIN, type User, normalizeEmail } from "@chaverim/contracts";
import { users } from "@chaverim/db/schema";
import { and, eq, isNull } from "drizzle-orm";
import * as z from "zod";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { lineSchema } from "../line.ts";
import { type Context, procedure, publicProcedure, router } from "../trpc.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { hashPassword, needsRehash, verifyPassword } from "./passwords.ts";
import type { SessionKind } from "./sessions.ts";
import { confirmSetup, isSetupOpen, startSetup } from "./setup.ts";
import { matchingStep, takeStep } from "./totp.ts";

const emailSchema = z.string().max(254).transform(normalizeEmail).pipe(z.email());
const passwordSchema = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX);
/** Six digits; spaces are accepted because authenticator apps show them. */
const codeSchema = z.string().max(16);
const tokenSchema = z.string().max(64);
/** An installed app stays signed in for two weeks behind its own lock; a browser tab does not. */
const installedSchema = z.boolean().default(false);

const signInFailed = () =>
  new AppError("sign_in_failed", "E-mail and password do not fit together. Check both and try again.");
const codeFailed = () =>
  new AppError("sign_in_failed", "This code does not fit. Wait for the next one in your app and try again.");

const responseOf = (ctx: Context) => {
  if (!ctx.response) throw new AppError("invalid", "Sign in over HTTP; the live channel cannot set cookies.");
  return ctx.response;
};

const login = async (ctx: Context, input: { email: string; password: string }): Promise<{ next: "totp" }> => {
  const { central } = ctx;
  const response = responseOf(ctx);
  await central.limits.consume("signIn", ctx.ip);
  await central.limits.consume("account", input.email);
  const [user] = await central.database.orm
    .select()
    .from(users)
    .where(and(eq(users.email, input.email), isNull(users.disabledAt)));
  if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) throw signInFailed();
  if (needsRehash(user.passwordHash)) {
    await central.database.orm
      .update(users)
      .set({ passwordHash: await hashPassword(input.password) })
      .where(eq(users.id, user.id));
  }
  const { id, maxAgeSeconds } = await central.sessions.create(user.id, {
    kind: "desktop",
    assurance: "password",
    ip: ctx.ip,
    userAgent: ctx.request.headers["user-agent"] ?? null,
  });
  writeCookie(response, "signin", central.origins.secure, { value: id, maxAgeSeconds });
  return { next: "totp" };
};

const checkTotp = async (ctx: Context, input: { code: string; installed: boolean }): Promise<{ user: User }> => {
  const { central } = ctx;
  const response = responseOf(ctx);
  const pendingId = readCookie(ctx.request, "signin", central.origins.secure);
  const pending = pendingId ? await central.sessions.validate(pendingId) : null;
  if (!pendingId || pending?.assurance !== "password")
    throw new AppError("signed_out", "Five minutes have passed. Enter your password again.");
  const { user } = pending;
  await central.limits.consume("account", user.id);
  const [row] = await central.database.orm
    .select({ secret: users.totpSecret })
    .from(users)
    .where(eq(users.id, user.id));
  const step = row ? matchingStep(central.keys.unseal(row.secret), input.code, Date.now()) : null;
  if (step === null || !(await takeStep(central.database.sql, user.id, step))) throw codeFailed();
  await central.limits.forget("account", user.id);
  await central.limits.forget("account", user.email);
  await central.sessions.end(pendingId);
  await openSession(ctx, response, user.id, input.installed);
  central.log.info({ request_id: ctx.requestId, user_id: user.id, src_ip: ctx.ip }, "signed in");
  return { user };
};

const openSession = async (
  ctx: Context,
  response: NonNullable<Context["response"]>,
  userId: string,
  installed: boolean,
): Promise<void> => {
  const { central } = ctx;
  const kind: SessionKind = installed ? "app" : "desktop";
  const { id, maxAgeSeconds } = await central.sessions.create(userId, {
    kind,
    assurance: "password+totp",
    ip: ctx.ip,
    userAgent: ctx.request.headers["user-agent"] ?? null,
  });
  writeCookie(response, "signin", central.origins.secure, null);
  writeCookie(response, "session", central.origins.secure, { value: id, maxAgeSeconds });
};

/** The session of a request: its cookie, its code done, its user enabled. */
export const readSession = async (central: Central, request: Context["request"]) => {
  const id = readCookie(request, "session", central.origins.secure);
  const session = id ? await central.sessions.validate(id) : null;
  return session?.assurance === "password+totp" ? session : null;
};

export const authRouter = router({
  login: publicProcedure("auth.login")
    .input(z.object({ email: emailSchema, password: z.string().max(PASSWORD_MAX) }))
    .mutation(({ ctx, input }) => login(ctx, input)),
  totp: publicProcedure("auth.totp")
    .input(z.object({ code: codeSchema, installed: installedSchema }))
    .mutation(({ ctx, input }) => checkTotp(ctx, input)),
  setupState: publicProcedure("auth.setupState")
    .input(z.object({ token: tokenSchema }))
    .query(async ({ ctx, input }): Promise<{ open: true }> => {
      await ctx.central.limits.consume("signIn", ctx.ip);
      if (!(await isSetupOpen(ctx.central, input.token))) {
        throw new AppError(
          "not_found",
          "This set-up link was used or is too old. Restart the server to get a new one.",
        );
      }
      return { open: true };
    }),
  setup: publicProcedure("auth.setup")
    .input(z.object({ token: tokenSchema, email: emailSchema, name: lineSchema(100), password: passwordSchema }))
    .mutation(async ({ ctx, input }) => {
      await ctx.central.limits.consume("signIn", ctx.ip);
      return startSetup(ctx.central, input);
    }),
  setupConfirm: publicProcedure("auth.setupConfirm")
    .input(z.object({ token: tokenSchema, code: codeSchema, installed: installedSchema }))
    .mutation(async ({ ctx, input }): Promise<{ user: User }> => {
      const response = responseOf(ctx);
      await ctx.central.limits.consume("signIn", ctx.ip);
      const user = await confirmSetup(ctx.central, input);
      if (!user) throw codeFailed();
      await openSession(ctx, response, user.id, input.installed);
      return { user };
    }),
  me: procedure("auth.me").query(({ ctx }): { user: User; expiresAt: string } => ({
    user: ctx.session.user,
    expiresAt: ctx.session.absoluteExpiresAt.toISOString(),
  })),
  logout: procedure("auth.logout").mutation(async ({ ctx }): Promise<Record<string, never>> => {
    const response = responseOf(ctx);
    await ctx.central.sessions.end(ctx.session.id);
    writeCookie(response, "session", ctx.central.origins.secure, null);
    // Whatever this browser kept of us goes with the session (offline.md).
    response.setHeader("Clear-Site-Data", '"cache", "storage"');
    return {};
  }),
});
