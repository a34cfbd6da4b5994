/**
 * What people ask about one plate, and the searches that they keep.
 * Rule: each look says which plate; what somebody adds is added beside the evidence, never into it.
 */
import {
  type Companion,
  type PlateView,
  PLATE_TEXT_MAX,
  QUERY_TEXT_MAX,
  type Route,
  type SavedSearch,
  SEARCH_WAYS,
  normalizePlate,
  searchFiltersSchema,
} from "@chaverim/contracts";
import * as z from "zod";
import { timesSchema } from "../detections/router.ts";
import { lineSchema } from "../line.ts";
import { isStorable } from "../storable.ts";
import { procedure, router } from "../trpc.ts";
import { addNote, readPlate } from "./read-plate.ts";
import { readRoute } from "./route.ts";
import { listSaved, removeSaved, saveSearch } from "./saved.ts";
import { readSeenWith } from "./seen-with.ts";

const plateSchema = z.object({
  plate: z.string().max(PLATE_TEXT_MAX).transform(normalizePlate).pipe(z.string().min(1)),
});
/** With lines of its own, unlike a name. */
const noteSchema = z.string().trim().min(1).max(1000).refine(isStorable, "contains a control character");

export const platesRouter = router({
  read: procedure("plates.read")
    .input(plateSchema)
    .query(async ({ ctx, input, signal }): Promise<PlateView> => {
      const { settings } = await ctx.central.policy.current();
      const { user } = ctx.session;
      const view = await readPlate(ctx.central.database.sql, input.plate, user, settings.timeZone, signal);
      ctx.show([view.plate]);
      return view;
    }),
  route: procedure("plates.route")
    .input(timesSchema)
    .query(async ({ ctx, input: { plate, ...filters }, signal }): Promise<Route> => {
      const { sql } = ctx.central.database;
      const { route, detectionIds } = await readRoute(sql, { plate, filters }, ctx.session.user, signal);
      ctx.show(detectionIds);
      return route;
    }),
  seenWith: procedure("plates.seenWith")
    .input(timesSchema)
    .query(async ({ ctx, input, signal }): Promise<{ companions: Companion[] }> => {
      const companions = await readSeenWith(ctx.central.database.sql, input, signal);
      ctx.show(companions.map(({ plate }) => plate));
      return { companions };
    }),
  addNote: procedure("plates.addNote")
    .input(plateSchema.extend({ text: noteSchema }))
    .mutation(async ({ ctx, input }) => {
      await addNote(ctx.central.database.sql, input.plate, input.text, ctx.session.user.id);
    }),
});

export const searchesRouter = router({
  list: procedure("searches.list").query(({ ctx }): Promise<SavedSearch[]> =>
    listSaved(ctx.central.database.sql, ctx.session.user.id),
  ),
  save: procedure("searches.save")
    .input(
      z
        .object({
          name: lineSchema(80),
          plate: lineSchema(QUERY_TEXT_MAX, 0),
          way: z.enum(SEARCH_WAYS),
          filters: searchFiltersSchema,
          unread: z.boolean().default(false),
        })
        .refine(
          ({ plate, filters, unread }) => plate !== "" || unread || Object.keys(filters).length > 0,
          "Type a plate, or set a filter.",
        ),
    )
    .mutation(({ ctx, input }) => saveSearch(ctx.central.database.sql, ctx.session.user.id, input)),
  remove: procedure("searches.remove")
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => removeSaved(ctx.central.database.sql, ctx.session.user.id, input.id)),
});
