/**
 * Alerts for people: the newest, what changed since, live, and answering.
 * Rule: the change number is the only cursor; resuming with it leaves no gap and repeats nothing. Whoever holds alerts that
 * they may no longer see is told to begin anew at the next contact.
 */
import { ALERT_OUTCOMES, type AlertView } from "@chaverim/contracts";
import { tracked } from "@trpc/server";
import * as z from "zod";
import { AppError } from "../failure.ts";
import { type Context, procedure, router } from "../trpc.ts";
import { acknowledgeAlert, resolveAlert } from "./answer.ts";
import { readAlert, readAlertsSince, readFirstAlerts, readNewestChange } from "./view.ts";

/** What a phone keeps (offline.md). */
const NEWEST = 200;
const PAGE = 100;

const answered = async (ctx: Context, id: string): Promise<AlertView> => {
  const view = ctx.session && (await readAlert(ctx.central.database.sql, id, ctx.session.user));
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
      const { cursor, limit } = input;
      const alerts = cursor === null ? null : await readAlertsSince(sql, cursor, limit, ctx.session.user);
      if (cursor !== null && alerts) {
        ctx.show(alerts.map(({ id }) => id));
        const reached = alerts.at(-1)?.change ?? cursor;
        return { alerts, cursor: reached, more: alerts.length === limit, reset: false };
      }
      const first = await readFirstAlerts(sql, limit, ctx.session.user);
      ctx.show(first.alerts.map(({ id }) => id));
      return { ...first, more: false, reset: cursor !== null };
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
        cursor ??= await readNewestChange(sql);
        for (;;) {
          const alerts = await readAlertsSince(sql, cursor, PAGE, ctx.session.user);
          // The end of the channel sends whoever listens back to `alerts.since`, which says that they begin anew.
          if (!alerts) return;
          for (const alert of alerts) {
            ctx.show([alert.id]);
            yield tracked(String(alert.change), alert);
          }
          cursor = alerts.at(-1)?.change ?? cursor;
          if (alerts.length < PAGE) break;
        }
      }
    }),
  acknowledge: procedure("alerts.acknowledge")
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      await acknowledgeAlert(ctx.central.database.sql, input.id, ctx.session.user);
      return answered(ctx, input.id);
    }),
  resolve: procedure("alerts.resolve")
    .input(z.object({ id: z.uuid(), outcome: z.enum(ALERT_OUTCOMES) }))
    .mutation(async ({ ctx, input }) => {
      await resolveAlert(ctx.central.database.sql, input.id, ctx.session.user, input.outcome);
      return answered(ctx, input.id);
    }),
});
