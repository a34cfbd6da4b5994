/**
 * Alerts for people: the newest, what changed since, live, and answering.
 * Rule: the change number is the only cursor; resuming with it leaves no gap and repeats nothing.
 */
import { ALERT_OUTCOMES, type AlertView } from "@chaverim/contracts";
import { tracked } from "@trpc/server";
import * as z from "zod";
import { AppError } from "../failure.ts";
import { type Context, procedure, router } from "../trpc.ts";
import { acknowledgeAlert, resolveAlert } from "./answer.ts";
import { readAlert, readAlertsSince, readNewestAlerts, readNewestChange } from "./view.ts";

/** What a phone keeps (offline.md). */
const NEWEST = 200;
const PAGE = 100;

const answered = async (ctx: Context, id: string): Promise<AlertView> => {
  const view = ctx.session && (await readAlert(ctx.central.database.sql, id, ctx.session.user.role));
  if (!view) throw new AppError("not_found", "There is no such alert.");
  return view;
};

export const alertsRouter = router({
  since: procedure("alerts.since")
    .input(
      z.object({
        cursor: z.number().int().min(0).nullable(),
        limit: z.number().int().min(1).max(NEWEST).default(NEWEST),
      }),
    )
    .query(async ({ ctx, input }): Promise<{ alerts: AlertView[]; cursor: number; more: boolean; reset: boolean }> => {
      const { sql } = ctx.central.database;
      const { role } = ctx.session.user;
      const newest = await readNewestChange(sql);
      // A cursor from a future that a restored backup does not know: whoever holds it begins anew.
      if (input.cursor === null || input.cursor > newest) {
        const alerts = await readNewestAlerts(sql, input.limit, role);
        return { alerts, cursor: alerts[0]?.change ?? 0, more: false, reset: input.cursor !== null };
      }
      const alerts = await readAlertsSince(sql, input.cursor, input.limit, role);
      return {
        alerts,
        cursor: alerts.at(-1)?.change ?? input.cursor,
        more: alerts.length === input.limit,
        reset: false,
      };
    }),
  live: procedure("alerts.live")
    .input(
      z
        .object({
          lastEventId: z
            .string()
            .regex(/^\d{1,15}$/)
            .nullish(),
        })
        .optional(),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const { sql } = ctx.central.database;
      let cursor = input?.lastEventId ? Number(input.lastEventId) : null;
      // The mailbox exists before the first read, so what commits in between is announced, not missed.
      for await (const _ of ctx.central.live.alertNews(signal)) {
        const newest = await readNewestChange(sql);
        cursor = Math.min(cursor ?? newest, newest);
        for (;;) {
          const alerts = await readAlertsSince(sql, cursor, PAGE, ctx.session.user.role);
          for (const alert of alerts) yield tracked(String(alert.change), alert);
          cursor = alerts.at(-1)?.change ?? cursor;
          if (alerts.length < PAGE) break;
        }
      }
    }),
  acknowledge: procedure("alerts.acknowledge")
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      await acknowledgeAlert(ctx.central.database.sql, input.id, ctx.session.user.id);
      return answered(ctx, input.id);
    }),
  resolve: procedure("alerts.resolve")
    .input(z.object({ id: z.uuid(), outcome: z.enum(ALERT_OUTCOMES) }))
    .mutation(async ({ ctx, input }) => {
      await resolveAlert(ctx.central.database.sql, input.id, ctx.session.user.id, input.outcome);
      return answered(ctx, input.id);
    }),
});
