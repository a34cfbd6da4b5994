/**
 * The access log and its reviews for people.
 * Rule: reading the log is a look like any other, written down before the answer leaves.
 */
import {
  LOG_OUTCOMES,
  type LogEntryView,
  type LogVerification,
  OFFLINE_LOOKS_MAX,
  REVIEW_OUTCOMES,
  type ReviewView,
  offlineLookSchema,
} from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { type LogFilters, readEntries } from "./entries.ts";
import { type LogExport, exportEntries } from "./export.ts";
import { appendOfflineLooks } from "./offline.ts";
import { decideReview, readReviews } from "./reviews.ts";
import { verifyLog } from "./verify.ts";

const PAGE = 100;
const PAGE_MAX = 200;
/** A file of about 15 MB, which spreadsheets still open; more is asked for in parts. */
const EXPORT_MAX = 20_000;
/** Pasted text of any length is answered with a sentence, not with a schema error, up to here. */
const PLATE_MAX = 500;

/** A moment within the years that PostgreSQL takes in this form. */
const momentSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((moment) => moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999, "is out of range");

const filtersSchema = z.object({
  plate: z.string().max(PLATE_MAX).optional(),
  userId: z.uuid().optional(),
  action: lineSchema(100).optional(),
  outcome: z.enum(LOG_OUTCOMES).optional(),
  from: momentSchema.optional(),
  to: momentSchema.optional(),
});
/** The id of the last entry that was shown. */
const cursorSchema = z.int().min(1).optional();

const idsOf = (entries: readonly LogEntryView[]): string[] => entries.map(({ id }) => String(id));

type LogPage = { entries: LogEntryView[]; cursor: number | null };

const toRecordedFilters = ({ from, to, ...filters }: LogFilters): Record<string, unknown> => ({
  ...filters,
  ...(from ? { from: from.toISOString() } : {}),
  ...(to ? { to: to.toISOString() } : {}),
});

const verifying = new WeakMap<Sql, Promise<LogVerification>>();

/** Reads the whole chain, once at a time: whoever asks meanwhile gets the answer of the check that runs. */
const verifyOnce = (sql: Sql): Promise<LogVerification> => {
  const running = verifying.get(sql);
  if (running) return running;
  const started = verifyLog(sql).finally(() => verifying.delete(sql));
  verifying.set(sql, started);
  return started;
};

export const accessLogRouter = router({
  search: procedure("accessLog.search")
    .input(filtersSchema.extend({ cursor: cursorSchema, limit: z.int().min(1).max(PAGE_MAX).default(PAGE) }))
    .query(async ({ ctx, input }): Promise<LogPage> => {
      const page = await readEntries(ctx.central.database.sql, input, input.cursor, input.limit);
      ctx.show(idsOf(page.entries));
      return page;
    }),
  mine: procedure("accessLog.mine")
    .input(z.object({ cursor: cursorSchema }))
    .query(async ({ ctx, input }): Promise<LogPage> => {
      const page = await readEntries(ctx.central.database.sql, { userId: ctx.session.user.id }, input.cursor, PAGE);
      ctx.show(idsOf(page.entries));
      return page;
    }),
  export: procedure("accessLog.export")
    .input(filtersSchema.extend({ format: z.enum(["csv", "json"]), recipient: lineSchema(200, 2) }))
    .mutation(async ({ ctx, input: { format, recipient, ...filters } }): Promise<LogExport> => {
      const { settings } = await ctx.central.policy.current();
      const { entries, cursor } = await readEntries(ctx.central.database.sql, filters, undefined, EXPORT_MAX);
      ctx.show(idsOf(entries));
      return exportEntries(format, entries, {
        organisation: settings.organisation,
        exportedBy: ctx.session.user.name,
        recipient,
        exportedAt: new Date(),
        filters: toRecordedFilters(filters),
        truncated: cursor !== null,
      });
    }),
  verify: procedure("accessLog.verify").query(({ ctx }) => verifyOnce(ctx.central.database.sql)),
  addOffline: procedure("accessLog.addOffline")
    .input(z.object({ looks: z.array(offlineLookSchema).max(OFFLINE_LOOKS_MAX) }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      const { central, requestId, session, ip } = ctx;
      await appendOfflineLooks(central, { requestId, who: session, ip }, input.looks);
      return {};
    }),
});

/** A decision that somebody may be asked about has its reason. */
const decisionSchema = z
  .object({
    id: z.uuid(),
    outcome: z.enum(REVIEW_OUTCOMES),
    note: lineSchema(2000, 0)
      .transform((note) => note || null)
      .optional(),
  })
  .refine(({ outcome, note }) => outcome === "justified" || note, {
    path: ["note"],
    message: "Say in a note what was unclear, or what the misuse was.",
  });

export const reviewsRouter = router({
  list: procedure("reviews.list")
    .input(z.object({ state: z.enum(["open", "decided"]) }))
    .query(async ({ ctx, input }): Promise<{ reviews: ReviewView[] }> => {
      const reviews = await readReviews(ctx.central.database.sql, input.state);
      ctx.show(reviews.map(({ id }) => id));
      return { reviews };
    }),
  decide: procedure("reviews.decide")
    .input(decisionSchema)
    .mutation(({ ctx, input: { note = null, ...decision } }): Promise<ReviewView> =>
      decideReview(ctx.central.database.sql, { ...decision, note }, ctx.session.user.id),
    ),
});
