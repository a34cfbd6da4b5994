/**
 * Quarantine for administrators: what is there, what it says, and what becomes of it.
 * Rule: what is shown here is never a fact; a release is a person's decision with their name.
 */
import { QUARANTINE_REASONS, type QuarantineView } from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { decideQuarantined } from "./decide.ts";
import { type QuarantineItem, listQuarantine, readQuarantined } from "./list.ts";

export const quarantineRouter = router({
  list: procedure("quarantine.list")
    .input(
      z.object({
        reason: z.enum(QUARANTINE_REASONS).optional(),
        cursor: z.string().max(100).optional(),
        open: z.boolean().optional(),
      }),
    )
    .query(async ({ ctx, input }): Promise<{ items: QuarantineView[]; cursor: string | null }> => {
      const page = await listQuarantine(ctx.central.database.sql, input);
      ctx.show(page.items.map(({ id }) => id));
      return page;
    }),
  read: procedure("quarantine.read")
    .input(z.object({ id: z.uuid() }))
    .query(async ({ ctx, input }): Promise<QuarantineItem> => {
      const item = await readQuarantined(ctx.central.database.sql, input.id);
      ctx.show([item.view.id]);
      return item;
    }),
  decide: procedure("quarantine.decide")
    .input(z.object({ id: z.uuid(), decision: z.enum(["kept", "released"]), note: lineSchema(500).optional() }))
    .mutation(async ({ ctx, input: { id, decision, note } }): Promise<Record<string, never>> => {
      await decideQuarantined(ctx.central, { id, decision, note: note ?? null, userId: ctx.session.user.id });
      return {};
    }),
});
