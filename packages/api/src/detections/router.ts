/**
 * What people ask about detections: which plates, the newest, one plate's timeline, and the live stream.
 * Rule: the live stream says what is new; whoever missed something reads the newest again. Whoever goes back further than
 * that looks for something, and says what.
 */
import { type DetectionView, LIVE_PAGES_MS, PLATE_TEXT_MAX, normalizePlate } from "@chaverim/contracts";
import * as z from "zod";
import { assertLookAllowed } from "../auth/may.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import type { Session } from "../sessions/port.ts";
import { procedure, router } from "../trpc.ts";
import { isInReach, reachOf } from "./reach.ts";
import { readCursor, readRecent } from "./recent.ts";
import { type SearchAnswer, searchPlates } from "./search.ts";
import { detectionToView } from "./view.ts";

const PAGE = 50;
const PAGE_MAX = 200;
/** Pasted text of any length is answered with a sentence, not with a schema error, up to here. */
const QUERY_MAX = 500;

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

export const detectionsRouter = router({
  search: procedure("detections.search")
    .input(
      z.object({
        plate: z.string().max(QUERY_MAX),
        lookAlikes: z.boolean().default(true),
        limit: z.number().int().min(1).max(100).default(25),
      }),
    )
    .query(async ({ ctx, input }): Promise<SearchAnswer> => {
      const answer = await searchPlates(ctx.central.database.sql, input, ctx.session.user);
      ctx.show(answer.hits.map(({ plate }) => plate));
      return answer;
    }),
  timeline: procedure("detections.timeline")
    .input(
      pageSchema.extend({
        plate: z.string().max(PLATE_TEXT_MAX).transform(normalizePlate).pipe(z.string().min(1)),
      }),
    )
    .query(async ({ ctx, input }): Promise<Page> => {
      const { rows, cursor } = await readRecent(ctx.central.database.sql, input, ctx.session.user);
      ctx.show(rows.map(({ id }) => id));
      return { detections: rows.map((row) => detectionToView(row, ctx.session.user)), cursor };
    }),
  recent: procedure("detections.recent")
    .input(pageSchema)
    .query(async ({ ctx, input }): Promise<Page> => {
      const since = await recentSince(ctx.central, ctx.session, input.cursor);
      const query = since ? { ...input, since } : input;
      const { rows, cursor } = await readRecent(ctx.central.database.sql, query, ctx.session.user);
      ctx.show(rows.map(({ id }) => id));
      return { detections: rows.map((row) => detectionToView(row, ctx.session.user)), cursor };
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
