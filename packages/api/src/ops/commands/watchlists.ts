/**
 * Commands for watchlists.
 * Rule: what they add is in force at a running server at once.
 */
import { addEntrySchema, prioritySchema } from "@chaverim/contracts";
import { watchlists } from "@chaverim/db/schema";
import { asc } from "drizzle-orm";
import * as z from "zod";
import { AppError } from "../../failure.ts";
import { lineSchema as line } from "../../line.ts";
import { addEntry, createWatchlist } from "../../watchlists/entries.ts";
import type { Command } from "./command.ts";

const add: Command = {
  usage: "watchlist add --name N --priority 1|2|3",
  about: "make a watchlist",
  options: ["name", "priority"],
  changes: true,
  run: async (options, { database }) => {
    const list = z.object({ name: line(60), priority: z.coerce.number().pipe(prioritySchema) }).parse(options);
    return { id: (await createWatchlist(database.sql, { ...list, field: true })).id };
  },
};

const addToList: Command = {
  usage:
    "watchlist add-entry --plate P --reason R [--list NAME] [--vehicle V] [--match exact|look-alike] [--expires ISO]",
  about: "watch a plate; in force at once, for 30 days unless told otherwise",
  options: ["plate", "reason", "list", "vehicle", "match", "expires"],
  changes: true,
  run: async (options, { database: { sql, orm } }) => {
    const lists = await orm.select().from(watchlists).orderBy(asc(watchlists.createdAt));
    const wanted =
      options["list"] === undefined
        ? lists[0]
        : lists.find(({ name }) => name.toLowerCase() === String(options["list"]).toLowerCase());
    if (!wanted)
      throw new AppError(
        "not_found",
        `There is no list called ${String(options["list"])}. There are: ${lists.map(({ name }) => name).join(", ")}.`,
      );
    const input = addEntrySchema.parse({
      watchlistId: wanted.id,
      plate: options["plate"],
      reason: options["reason"],
      vehicle: options["vehicle"],
      match: options["match"],
      expiresAt: options["expires"],
    });
    const { entry, alreadyListed } = await addEntry(sql, input, null);
    return {
      id: entry.id,
      plate: entry.plate,
      list: wanted.name,
      expiresAt: entry.expiresAt,
      alreadyListed: alreadyListed.map(({ id }) => id),
    };
  },
};

export const watchlistCommands: Record<string, Command> = {
  "watchlist add": add,
  "watchlist add-entry": addToList,
};
