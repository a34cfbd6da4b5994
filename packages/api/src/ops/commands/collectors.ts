/**
 * Commands for collectors and their cameras.
 * Rule: a key is printed once, by the command that made it.
 */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { placeCamera } from "../../collectors/cameras.ts";
import { addCollector, revokeCollector } from "../../collectors/keys.ts";
import { readCollectors } from "../../collectors/list.ts";
import { AppError } from "../../failure.ts";
import { lineSchema as line } from "../../line.ts";
import type { Command } from "./command.ts";

const add: Command = {
  usage: "collector add --name N",
  about: "register a collector; prints its key, once",
  options: ["name"],
  changes: true,
  run: (options, { database }) =>
    addCollector(database.sql, line(60).parse(options["name"], { error: () => "--name is needed" })),
};

const list: Command = {
  usage: "collector list",
  about: "collectors with their ids, states and queues",
  options: [],
  changes: false,
  run: async (_options, { database }) => ({
    collectors: (await readCollectors(database.sql)).map(({ id, name, state, lastSeenAt, queue }) => ({
      id,
      name,
      state,
      lastSeenAt,
      waiting: queue?.rows ?? null,
    })),
  }),
};

const revoke: Command = {
  usage: "collector revoke (--id ID | --name N) --reason R",
  about: "refuse a collector from now on; what it sent stays",
  options: ["id", "name", "reason"],
  changes: true,
  run: async (options, { database: { sql } }) => {
    const { id, name, reason } = z
      .object({ id: z.uuid().optional(), name: z.string().optional(), reason: line(500) })
      .parse(options);
    const wanted = (await readCollectors(sql)).find(
      (collector) => collector.id === id || collector.name.toLowerCase() === name?.toLowerCase(),
    );
    if (!wanted) throw new AppError("not_found", "There is no such collector. alpr collector list shows them.");
    await revokeCollector(sql, wanted.id, reason);
    return { id: wanted.id, revoked: true };
  },
};

const placementSchema = z.object({
  id: line(128),
  name: line(60).optional(),
  area: line(60).optional(),
  lat: z.coerce.number().min(-90).max(90).optional(),
  lon: z.coerce.number().min(-180).max(180).optional(),
  heading: z.coerce.number().min(0).max(360).optional(),
});

const approveCamera: Command = {
  usage:
    "camera approve --collector NAME (--id CAMERA [--name N --area A --lat L --lon L --heading H] | --file cameras.json)",
  about: "let a camera raise alerts, and say where it stands",
  options: ["collector", "file", ...placementSchema.keyof().options],
  changes: true,
  run: async (options, { database: { sql } }) => {
    const collector = line(60).parse(options["collector"], { error: () => "--collector is needed" });
    const cameras = options["file"]
      ? z.array(placementSchema).parse(JSON.parse(await readFile(String(options["file"]), "utf8")))
      : [placementSchema.parse(options)];
    const approved: string[] = [];
    for (const camera of cameras) approved.push((await placeCamera(sql, collector, camera)).id);
    return { approved };
  },
};

export const collectorCommands: Record<string, Command> = {
  "collector add": add,
  "collector list": list,
  "collector revoke": revoke,
  "camera approve": approveCamera,
};
