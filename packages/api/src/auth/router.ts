/**
 * Signing in, one-time links, and what a person does with their own session and devices.
 * Rule: thin: each procedure checks its input and hands on.
 */
import {
  type DeviceView,
  type InvitationState,
  type Me,
  PASSWORD_MAX,
  STEP_UP_MS,
  type User,
  normalizeEmail,
} from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { nameSchema } from "../people/fields.ts";
import { isStorable } from "../storable.ts";
import { passwordProcedure, procedure, publicProcedure, router } from "../trpc.ts";
import { changePassword } from "./change-password.ts";
import { writeCookie } from "./cookies.ts";
import { knownSince } from "./device-cookies.ts";
import { dismissNotice, listDevices, nameDevice, revokeDevice } from "./devices.ts";
import { type Enrolment, acceptInvitation, confirmInvitation, readInvitation } from "./invitations.ts";
import { readMe } from "./me.ts";
import { createRecoveryCodes } from "./recovery.ts";
import {
  codeFailed,
  login,
  openSession,
  responseOf,
  signInWithCode,
  signInWithRecoveryCode,
  takeCode,
} from "./sign-in.ts";

/** At the sign-in screen an address has no form that could be wrong: it is somebody's, or it is not. */
const typedEmailSchema = z
  .string()
  .max(254)
  .refine((text) => isStorable(text))
  .transform(normalizeEmail);
/** NFKC before the check, so that look-alike forms of an address are one. */
const emailSchema = z.string().max(254).transform(normalizeEmail).pipe(z.email());
/** Longer ones are refused before anything is hashed. */
const passwordSchema = z.string().max(PASSWORD_MAX);
/** Six digits; spaces are accepted because authenticator apps show them. */
const codeSchema = z.string().max(16);
/** 24 characters, and whatever dashes and spaces a paste brings. */
const recoverySchema = z.string().max(64);
/** 43 characters; the proof that goes with a link, too. */
const tokenSchema = z.string().max(64);
/** An installed app stays signed in for two weeks behind its own lock; a browser tab does not. */
const installedSchema = z.boolean().default(false);

export const authRouter = router({
  login: publicProcedure("auth.login")
    .input(z.object({ email: typedEmailSchema, password: passwordSchema }))
    .mutation(({ ctx, input }) => login(ctx, input)),
  totp: passwordProcedure("auth.totp")
    .input(z.object({ code: codeSchema, installed: installedSchema }))
    .mutation(({ ctx, input }) => signInWithCode(ctx, input)),
  recover: passwordProcedure("auth.recover")
    .input(z.object({ code: recoverySchema, installed: installedSchema }))
    .mutation(({ ctx, input }) => signInWithRecoveryCode(ctx, input)),
  invitation: publicProcedure("auth.invitation")
    .input(z.object({ token: tokenSchema }))
    .query(async ({ ctx, input }): Promise<InvitationState> => {
      await ctx.central.limits.consume("signIn", ctx.ip);
      return readInvitation(ctx.central, input.token);
    }),
  accept: publicProcedure("auth.accept")
    .input(
      z.object({
        token: tokenSchema,
        email: emailSchema.optional(),
        name: nameSchema.optional(),
        password: passwordSchema,
      }),
    )
    .mutation(async ({ ctx, input }): Promise<Enrolment> => {
      await ctx.central.limits.consume("signIn", ctx.ip);
      return acceptInvitation(ctx.central, input);
    }),
  confirm: publicProcedure("auth.confirm")
    .input(z.object({ token: tokenSchema, proof: tokenSchema, code: codeSchema, installed: installedSchema }))
    .mutation(async ({ ctx, input }): Promise<{ user: User; recoveryCodes: string[] }> => {
      responseOf(ctx);
      await ctx.central.limits.consume("signIn", ctx.ip);
      const made = await confirmInvitation(ctx.central, input);
      if (!made) throw codeFailed();
      const { kind, user, recoveryCodes } = made;
      // Whoever knew the old password may have a device of their own.
      if (kind === "password") await ctx.central.sessions.revokeAll(user.id, user.id);
      await openSession(ctx, user, input.installed, "auth.joined");
      return { user, recoveryCodes };
    }),
  me: procedure("auth.me").query(({ ctx }): Promise<Me> => readMe(ctx.central, ctx.session)),
  logout: procedure("auth.logout").mutation(async ({ ctx }): Promise<Record<string, never>> => {
    const response = responseOf(ctx);
    await ctx.central.sessions.end(ctx.session.id);
    writeCookie(response, "session", ctx.central.origins.secure, null);
    // Whatever this browser kept of us goes with the session (offline.md).
    response.setHeader("Clear-Site-Data", '"cache", "storage"');
    return {};
  }),
  stepUp: procedure("auth.stepUp")
    .input(z.object({ code: codeSchema }))
    .mutation(async ({ ctx, input }): Promise<{ stepUpUntil: string }> => {
      const response = responseOf(ctx);
      // Counted by device: attempts at the sign-in screen do not lock whoever is signed in.
      await takeCode(ctx.central, ctx.session.user.id, input.code, `device:${ctx.session.deviceId}`);
      const next = await ctx.central.sessions.stepUp(ctx.session.id);
      if (!next) throw codeFailed();
      writeCookie(response, "session", ctx.central.origins.secure, {
        value: next.id,
        maxAgeSeconds: next.maxAgeSeconds,
      });
      return { stepUpUntil: new Date(Date.now() + STEP_UP_MS).toISOString() };
    }),
  changePassword: procedure("auth.changePassword")
    .input(z.object({ current: passwordSchema, next: passwordSchema }))
    .mutation(async ({ ctx, input }): Promise<{ signedOut: number }> => ({
      signedOut: await changePassword(ctx.central, ctx.session, input),
    })),
  renewRecoveryCodes: procedure("auth.renewRecoveryCodes").mutation(({ ctx }): Promise<{ recoveryCodes: string[] }> =>
    ctx.central.database.sql.begin(async (transaction) => ({
      recoveryCodes: await createRecoveryCodes(transaction, ctx.session.user.id),
    })),
  ),
  devices: procedure("auth.devices").query(({ ctx }): Promise<DeviceView[]> =>
    listDevices(ctx.central.database.sql, ctx.session.user.id, ctx.session.deviceId),
  ),
  nameDevice: procedure("auth.nameDevice")
    .input(z.object({ id: z.uuid(), name: lineSchema(60) }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await nameDevice(ctx.central.database.sql, ctx.session.user.id, input.id, input.name);
      return {};
    }),
  revokeDevice: procedure("auth.revokeDevice")
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      const { id } = ctx.session.user;
      await revokeDevice(ctx.central, id, input.id, id);
      return {};
    }),
  revokeOtherDevices: procedure("auth.revokeOtherDevices").mutation(async ({ ctx }): Promise<{ signedOut: number }> => {
    const { user, deviceId } = ctx.session;
    return { signedOut: await ctx.central.sessions.revokeAll(user.id, user.id, deviceId) };
  }),
  dismissNotice: procedure("auth.dismissNotice")
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      const { user, deviceId } = ctx.session;
      await dismissNotice(
        ctx.central.database.sql,
        user.id,
        { deviceId, knownSince: knownSince(ctx, user.id) },
        input.id,
      );
      return {};
    }),
});
