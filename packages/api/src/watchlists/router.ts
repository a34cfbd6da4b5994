/**
 * Watchlists for people: a viewer reads those that are marked for the field.
 * Rule: every change is in force at the engine as soon as it is answered.
 */
import { type EntryView, type WatchlistView, addEntrySchema, prioritySchema } from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { addEntry, createWatchlist, readWatchlists, setEntryRemoved, setListField } from "./entries.ts";

const idSchema = z.object({ id: z.uuid() });

export const watchlistsRouter = router({
  list: procedure("watchlists.list").query(async ({ ctx }): Promise<WatchlistView[]> => {
    const lists = await readWatchlists(ctx.central.database.sql, ctx.session.user);
    ctx.show(lists.flatMap(({ entries }) => entries.map(({ id }) => id)));
    return lists;
  }),
  create: procedure("watchlists.create")
    .input(z.object({ name: lineSchema(60, 2), priority: prioritySchema, field: z.boolean().default(true) }))
    .mutation(({ ctx, input }): Promise<WatchlistView> => createWatchlist(ctx.central.database.sql, input)),
  addEntry: procedure("watchlists.addEntry")
    .input(addEntrySchema)
    .mutation(({ ctx, input }): Promise<{ entry: EntryView; alreadyListed: EntryView[] }> =>
      addEntry(ctx.central.database.sql, input, ctx.session.user.id),
    ),
  setField: procedure("watchlists.setField")
    .input(z.object({ id: z.uuid(), field: z.boolean() }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await setListField(ctx.central.database.sql, input.id, input.field);
      return {};
    }),
  removeEntry: procedure("watchlists.removeEntry")
    .input(idSchema)
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await setEntryRemoved(ctx.central.database.sql, input.id, ctx.session.user.id, true);
      return {};
    }),
  restoreEntry: procedure("watchlists.restoreEntry")
    .input(idSchema)
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await setEntryRemoved(ctx.central.database.sql, input.id, ctx.session.user.id, false);
      return {};
    }),
});
