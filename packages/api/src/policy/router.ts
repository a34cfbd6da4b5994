/**
 * The policy and the purposes of looking, for people.
 * Rule: whoever changes the policy has seen the version that is in force.
 */
import { type Investigation, type PolicySettings, type PolicyView, policySettingsSchema } from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { isStorable } from "../storable.ts";
import { procedure, router } from "../trpc.ts";
import { closeInvestigation, openInvestigation } from "./investigations.ts";

/** Five characters: "car" says nothing. */
const purposeSchema = z.object({
  code: lineSchema(40),
  text: lineSchema(500, 5).optional(),
  caseNumber: lineSchema(60).optional(),
});

const settingsSchema = z
  .custom<PolicySettings>((settings) => isStorable(settings), "contains what no database can hold")
  .pipe(policySettingsSchema);

export const investigationsRouter = router({
  open: procedure("investigations.open")
    .input(purposeSchema)
    .mutation(({ ctx, input }): Promise<Investigation> => openInvestigation(ctx.central, ctx.session, input)),
  close: procedure("investigations.close").mutation(async ({ ctx }): Promise<Record<string, never>> => {
    await closeInvestigation(ctx.central, ctx.session);
    return {};
  }),
});

export const policyRouter = router({
  read: procedure("policy.read").query(({ ctx }): Promise<PolicyView> => ctx.central.policy.read()),
  set: procedure("policy.set")
    .input(z.object({ settings: settingsSchema, basedOn: z.int().min(0) }))
    .mutation(async ({ ctx, input }): Promise<PolicyView> => {
      await ctx.central.policy.set(input.settings, input.basedOn, ctx.session.user.id);
      return ctx.central.policy.read();
    }),
});
