/**
 * What people ask about detections: which plates, the newest, one plate's timeline, and the live stream.
 * Rule: the live stream says what is new; whoever missed something reads the newest again. Whoever goes back further than
 * that looks for something, and says what.
 */
import {
  type DetectionView,
  LIVE_PAGES_MS,
  PLATE_TEXT_MAX,
  QUERY_TEXT_MAX,
  SEARCH_WAYS,
  normalizePlate,
  searchFiltersSchema,
  timeSchema,
} from "@chaverim/contracts";
import * as z from "zod";
import { assertLookAllowed } from "../auth/may.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { lineSchema } from "../line.ts";
import { type SearchAnswer, searchPlates } from "../plates/search.ts";
import type { Session } from "../sessions/port.ts";
import { procedure, router } from "../trpc.ts";
import { correctReading } from "./correct.ts";
import { type DetectionExport, exportDetections } from "./export.ts";
import { findDetections } from "./find.ts";
import { isInReach, reachOf } from "./reach.ts";
import { type DetectionPage, readCursor, readRecent } from "./recent.ts";
import { readTimeline } from "./timeline.ts";
import { detectionToView } from "./view.ts";

const PAGE = 50;
const PAGE_MAX = 200;
/** The days of a car in one answer, for a timeline that is scrolled through. */
const TIMELINE_PAGE_MAX = 1000;
/** Some five megabytes; what is larger is a backup. */
const EXPORT_MAX = 10_000;

const pageSchema = z.object({
  cameraId: z.uuid().optional(),
  cursor: z.string().max(80).optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE),
});
type Page = { detections: DetectionView[]; cursor: string | null };

/** A day of every camera is as much as a wall needs; what lies before is found by its plate. */
const RECENT_MS = 24 * 3_600_000;

/**
 * Where pages of the newest detections end, for somebody who asks for this one.
 * @throws AppError invalid | training_needed | purpose_needed
 */
const recentSince = async (central: Central, session: Session, cursor: string | undefined): Promise<Date | null> => {
  if (cursor === undefined) return null;
  const { at } = readCursor(cursor);
  const since = new Date(Date.now() - RECENT_MS);
  if (at < since)
    throw new AppError(
      "invalid",
      "The newest detections end here, at 24 hours. The timeline of a plate goes further back.",
    );
  if (at.getTime() < Date.now() - LIVE_PAGES_MS) await assertLookAllowed(central, "detections.recent", session);
  return since;
};

const plateSchema = z.string().max(PLATE_TEXT_MAX).transform(normalizePlate).pipe(z.string().min(1));
/** A plate, and the time that is meant. */
export const timesSchema = z.object({
  plate: plateSchema,
  from: z.optional(timeSchema),
  to: z.optional(timeSchema),
});

const toAnswer = ({ rows, cursor }: DetectionPage, session: Session): Page => ({
  detections: rows.map((row) => detectionToView(row, session.user)),
  cursor,
});

export const detectionsRouter = router({
  search: procedure("detections.search")
    .input(
      z.object({
        plate: z.string().max(QUERY_TEXT_MAX),
        way: z.enum(SEARCH_WAYS).default("similar"),
        filters: z._default(searchFiltersSchema, {}),
        cursor: z.string().max(100).optional(),
        limit: z.number().int().min(1).max(100).default(25),
      }),
    )
    .query(async ({ ctx, input, signal }): Promise<SearchAnswer> => {
      const answer = await searchPlates(ctx.central.database.sql, input, ctx.session.user, signal);
      ctx.show(answer.hits.map(({ plate }) => plate));
      return answer;
    }),
  find: procedure("detections.find")
    .input(
      z.object({
        filters: searchFiltersSchema,
        unread: z.boolean().default(false),
        cursor: z.string().max(80).optional(),
        limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE),
      }),
    )
    .query(async ({ ctx, input, signal }): Promise<Page> => {
      const page = await findDetections(ctx.central.database.sql, input, ctx.session.user, signal);
      ctx.show(page.rows.map(({ id }) => id));
      return toAnswer(page, ctx.session);
    }),
  timeline: procedure("detections.timeline")
    .input(
      timesSchema.extend({
        lookAlikes: z.boolean().default(false),
        cameraId: z.uuid().optional(),
        cursor: z.string().max(80).optional(),
        limit: z.number().int().min(1).max(TIMELINE_PAGE_MAX).default(PAGE),
      }),
    )
    .query(async ({ ctx, input: { cameraId, from, to, ...asked }, signal }): Promise<Page> => {
      const filters = { cameraIds: cameraId === undefined ? undefined : [cameraId], from, to };
      const page = await readTimeline(ctx.central.database.sql, { ...asked, filters }, ctx.session.user, signal);
      ctx.show(page.rows.map(({ id }) => id));
      return toAnswer(page, ctx.session);
    }),
  correct: procedure("detections.correct")
    .input(
      z.object({
        detectionId: z.uuid(),
        plate: z.string().min(1).max(PLATE_TEXT_MAX),
        reason: lineSchema(500, 3),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      await correctReading(ctx.central.database.sql, { ...input, userId: ctx.session.user.id });
    }),
  export: procedure("detections.export")
    .input(
      z
        .object({
          plate: plateSchema.optional(),
          lookAlikes: z.boolean().default(false),
          filters: z._default(searchFiltersSchema, {}),
          unread: z.boolean().default(false),
          format: z.enum(["csv", "json"]),
          recipient: lineSchema(200, 2),
        })
        .refine(
          ({ plate, filters }) =>
            plate !== undefined || Boolean(filters.cameraIds ?? filters.area ?? filters.from ?? filters.listed),
          "Say which plate, or choose a place or a time: a file of everything is a backup, not an export.",
        )
        .refine(({ plate, unread }) => plate === undefined || !unread, "What was not read has no plate."),
    )
    .mutation(async ({ ctx, input: { format, recipient, ...asked }, signal }): Promise<DetectionExport> => {
      const { sql } = ctx.central.database;
      const { user } = ctx.session;
      const { plate } = asked;
      const page =
        plate === undefined
          ? await findDetections(sql, { ...asked, limit: EXPORT_MAX }, user, signal)
          : await readTimeline(sql, { ...asked, plate, limit: EXPORT_MAX }, user, signal);
      ctx.show(page.rows.map(({ id }) => id));
      const { settings } = await ctx.central.policy.current();
      return exportDetections(
        format,
        page.rows.map((row) => detectionToView(row, user)),
        {
          organisation: settings.organisation,
          exportedBy: user.name,
          recipient,
          exportedAt: new Date(),
          asked,
          truncated: page.cursor !== null,
        },
      );
    }),
  recent: procedure("detections.recent")
    .input(pageSchema)
    .query(async ({ ctx, input }): Promise<Page> => {
      const since = await recentSince(ctx.central, ctx.session, input.cursor);
      const query = since ? { ...input, since } : input;
      const page = await readRecent(ctx.central.database.sql, query, ctx.session.user);
      ctx.show(page.rows.map(({ id }) => id));
      return toAnswer(page, ctx.session);
    }),
  live: procedure("detections.live").subscription(async function* ({ ctx, signal }): AsyncGenerator<DetectionView[]> {
    for await (const rows of ctx.central.live.detections(signal)) {
      const reach = reachOf(ctx.session.user);
      const reached = rows.filter((row) => isInReach(reach, row));
      if (reached.length === 0) continue;
      ctx.show(reached.map(({ id }) => id));
      yield reached.map((row) => detectionToView(row, ctx.session.user));
    }
  }),
});
