/**
 * Alerts for people: the newest, what changed since, live, and answering.
 * Rule: the change number is the only cursor; resuming with it leaves no gap and repeats nothing. Whoever holds alerts that
 * they may no longer see is told to begin anew at the next contact. Nothing here, cursors included, moves with an alert that
 * whoever asks may not know of.
 */
import { ALERT_OUTCOMES, type AlertView } from "@chaverim/contracts";
import { tracked } from "@trpc/server";
import * as z from "zod";
import { AppError } from "../failure.ts";
import { type Context, procedure, router } from "../trpc.ts";
import { acknowledgeAlert, resolveAlert } from "./answer.ts";
import { isKnownCursor, readAlert, readAlertsSince, readFirstAlerts } from "./view.ts";

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
      const { user } = ctx.session;
      const isKnown = cursor !== null && (await isKnownCursor(sql, cursor, user));
      const alerts = isKnown ? await readAlertsSince(sql, cursor, limit, user) : null;
      if (cursor !== null && alerts) {
        ctx.show(alerts.map(({ id }) => id));
        const reached = alerts.at(-1)?.change ?? cursor;
        return { alerts, cursor: reached, more: alerts.length === limit, reset: false };
      }
      const first = await readFirstAlerts(sql, limit, user);
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
      // The end of the channel sends whoever listens back to `alerts.since`, which says that they begin anew. Asked once: at
      // each news it would end at the very moment at which something out of reach happened.
      if (cursor !== null && !(await isKnownCursor(sql, cursor, ctx.session.user))) return;
      // The mailbox exists before the first read, so what commits in between is announced, not missed.
      for await (const _ of ctx.central.live.alertNews(signal)) {
        cursor ??= (await readFirstAlerts(sql, 1, ctx.session.user)).cursor;
        for (;;) {
          const alerts = await readAlertsSince(sql, cursor, PAGE, ctx.session.user);
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
