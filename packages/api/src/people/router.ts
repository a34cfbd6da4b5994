/**
 * People for administrators: accounts, roles, invitations, devices.
 * Rule: thin: each procedure checks its input and hands on.
 */
import {
  type ApprovalView,
  type DeviceView,
  type InvitationView,
  type PersonView,
  roleSchema,
} from "@chaverim/contracts";
import * as z from "zod";
import { listDevices, revokeDevice } from "../auth/devices.ts";
import { cancelInvitation, readInvitations } from "../auth/invitations.ts";
import { AppError } from "../failure.ts";
import { procedure, router } from "../trpc.ts";
import { resetAuthenticator, resetPassword, setDisabled, updatePerson } from "./accounts.ts";
import { areaSchema, emailSchema, nameSchema, reasonSchema, trainedOnSchema } from "./fields.ts";
import { invitePerson } from "./invite.ts";
import { readPeople } from "./list.ts";
import { decideApproval, readApprovals, setRole } from "./roles.ts";

const idSchema = z.object({ id: z.uuid() });

export const usersRouter = router({
  list: procedure("users.list").query(
    async ({ ctx }): Promise<{ people: PersonView[]; invitations: InvitationView[]; approvals: ApprovalView[] }> => {
      const { sql } = ctx.central.database;
      const [people, invitations, approvals] = await Promise.all([
        readPeople(sql),
        readInvitations(sql),
        readApprovals(sql),
      ]);
      ctx.show(people.map(({ id }) => id));
      return { people, invitations, approvals };
    },
  ),
  invite: procedure("users.invite")
    .input(
      z.object({
        email: emailSchema,
        name: nameSchema,
        role: roleSchema,
        area: areaSchema.nullable().default(null),
        trainedOn: trainedOnSchema.nullable().default(null),
      }),
    )
    .mutation(({ ctx, input }): Promise<{ invitation: InvitationView; link: string }> =>
      invitePerson(ctx.central, ctx.central.origins.publicUrl, ctx.session.user, input),
    ),
  cancelInvitation: procedure("users.cancelInvitation")
    .input(idSchema)
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await cancelInvitation(ctx.central, input.id);
      return {};
    }),
  update: procedure("users.update")
    .input(
      z.object({
        id: z.uuid(),
        name: nameSchema.optional(),
        /** Null: everywhere. */
        area: areaSchema.nullable().optional(),
        trainedOn: trainedOnSchema.optional(),
      }),
    )
    .mutation(async ({ ctx, input: { id, ...details } }): Promise<Record<string, never>> => {
      await updatePerson(ctx.central, ctx.session.user, id, details);
      return {};
    }),
  setRole: procedure("users.setRole")
    .input(z.object({ id: z.uuid(), role: roleSchema, reason: reasonSchema }))
    .mutation(async ({ ctx, input }): Promise<{ approval: ApprovalView | null }> => ({
      approval: await setRole(ctx.central, ctx.session.user, input),
    })),
  decide: procedure("users.decide")
    .input(z.object({ id: z.uuid(), approve: z.boolean() }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await decideApproval(ctx.central, ctx.session.user, input);
      return {};
    }),
  setDisabled: procedure("users.setDisabled")
    .input(z.object({ id: z.uuid(), disabled: z.boolean(), reason: reasonSchema }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await setDisabled(ctx.central, ctx.session.user, input);
      return {};
    }),
  resetAuthenticator: procedure("users.resetAuthenticator")
    .input(idSchema)
    .mutation(({ ctx, input }): Promise<{ link: string; expiresAt: string }> =>
      resetAuthenticator(ctx.central, ctx.central.origins.publicUrl, ctx.session.user, input.id),
    ),
  resetPassword: procedure("users.resetPassword")
    .input(idSchema)
    .mutation(({ ctx, input }): Promise<{ link: string; expiresAt: string }> =>
      resetPassword(ctx.central, ctx.central.origins.publicUrl, ctx.session.user, input.id),
    ),
  devices: procedure("users.devices")
    .input(idSchema)
    .query(async ({ ctx, input }): Promise<DeviceView[]> => {
      const devices = await listDevices(ctx.central.database.sql, input.id, ctx.session.deviceId);
      ctx.show(devices.map(({ id }) => id));
      return devices;
    }),
  revokeDevice: procedure("users.revokeDevice")
    .input(idSchema)
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      const { database, sessions } = ctx.central;
      const [device] = await database.sql<
        { userId: string }[]
      >`select user_id as "userId" from sessions where id = ${input.id} and assurance = 'password+totp'`;
      if (!device) throw new AppError("not_found", "There is no such device.");
      await revokeDevice({ sessions }, device.userId, input.id, ctx.session.user.id);
      return {};
    }),
});
