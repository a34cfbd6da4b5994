/**
 * What people ask about one plate, and the searches that they keep.
 * Rule: each look says which plate; what somebody adds is added beside the evidence, never into it.
 */
import {
  type Companion,
  type PlateView,
  PLATE_TEXT_MAX,
  QUERY_TEXT_MAX,
  type SavedSearch,
  SEARCH_WAYS,
  normalizePlate,
  searchFiltersSchema,
} from "@chaverim/contracts";
import * as z from "zod";
import { plateAskedSchema } from "../detections/router.ts";
import { procedure, router } from "../trpc.ts";
import { addNote, readPlate } from "./read-plate.ts";
import { type RouteStop, readRoute } from "./route.ts";
import { listSaved, removeSaved, saveSearch } from "./saved.ts";
import { readSeenWith } from "./seen-with.ts";

const plateSchema = z.object({
  plate: z.string().max(PLATE_TEXT_MAX).transform(normalizePlate).pipe(z.string().min(1)),
});
const line = (max: number) => z.string().trim().min(1).max(max);

export const platesRouter = router({
  read: procedure("plates.read")
    .input(plateSchema)
    .query(async ({ ctx, input }): Promise<PlateView> => {
      const { settings } = await ctx.central.policy.current();
      const view = await readPlate(ctx.central.database.sql, input, ctx.session.user, settings.timeZone);
      ctx.show([view.plate]);
      return view;
    }),
  route: procedure("plates.route")
    .input(plateAskedSchema.omit({ cameraId: true }))
    .query(async ({ ctx, input }): Promise<{ stops: RouteStop[]; truncated: boolean }> => {
      const route = await readRoute(ctx.central.database.sql, input, ctx.session.user);
      ctx.show(route.stops.map(({ detectionId }) => detectionId));
      return route;
    }),
  seenWith: procedure("plates.seenWith")
    .input(plateAskedSchema.pick({ plate: true, from: true, to: true }))
    .query(async ({ ctx, input, signal }): Promise<{ companions: Companion[] }> => {
      const companions = await readSeenWith(ctx.central.database.sql, input, signal);
      ctx.show(companions.map(({ plate }) => plate));
      return { companions };
    }),
  addNote: procedure("plates.addNote")
    .input(plateSchema.extend({ text: line(1000) }))
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
      z.object({
        name: line(80),
        plate: line(QUERY_TEXT_MAX),
        way: z.enum(SEARCH_WAYS),
        filters: searchFiltersSchema,
      }),
    )
    .mutation(({ ctx, input }) => saveSearch(ctx.central.database.sql, ctx.session.user.id, input)),
  remove: procedure("searches.remove")
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => removeSaved(ctx.central.database.sql, ctx.session.user.id, input.id)),
});
