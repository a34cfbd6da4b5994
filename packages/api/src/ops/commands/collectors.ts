/**
 * Commands for collectors and their cameras.
 * Rule: a key is printed once, by the command that made it.
 */
import { readFile } from "node:fs/promises";
import type { CollectorView } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import * as z from "zod";
import { placeCamera } from "../../collectors/cameras.ts";
import { addCollector, addImportKey, revokeCollector, revokeKey, rotateKey } from "../../collectors/keys.ts";
import { readCollectors } from "../../collectors/list.ts";
import { AppError } from "../../failure.ts";
import { lineSchema as line } from "../../line.ts";
import type { Command, Options } from "./command.ts";

const nameOf = (options: Options): string => line(60).parse(options["name"], { error: () => "--name is needed" });

/** A collector with its keys; of those with this name the one that is not revoked. @throws AppError not_found */
const findCollector = async (
  sql: Sql,
  wanted: { id?: string | undefined; name?: string | undefined },
): Promise<CollectorView> => {
  const found = (await readCollectors(sql, { keys: true }))
    .filter(({ id, name }) => id === wanted.id || name.toLowerCase() === wanted.name?.toLowerCase())
    .toSorted((a, b) => Number(a.state === "revoked") - Number(b.state === "revoked"))[0];
  if (!found) throw new AppError("not_found", "There is no such collector. alpr collector list shows them.");
  return found;
};

const add: Command = {
  usage: "collector add --name N",
  about: "register a collector; prints its key, once",
  options: ["name"],
  changes: true,
  run: (options, { database }) => addCollector(database.sql, nameOf(options), null),
};

const list: Command = {
  usage: "collector list",
  about: "collectors with their ids, states and queues",
  options: [],
  changes: false,
  run: async (_options, { database }) => ({
    collectors: (await readCollectors(database.sql, { keys: false })).map(({ id, name, state, lastSeenAt, queue }) => ({
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
    const wanted = await findCollector(sql, { id, name });
    await revokeCollector(sql, wanted.id, reason, null);
    return { id: wanted.id, revoked: true };
  },
};

const rotate: Command = {
  usage: "collector rotate-key --name N",
  about: "print a new key, once; the old one works for another 24 hours",
  options: ["name"],
  changes: true,
  run: async (options, { database: { sql } }) =>
    rotateKey(sql, (await findCollector(sql, { name: nameOf(options) })).id, null),
};

const importKey: Command = {
  usage: "collector import-key --name N",
  about: "print a key, once, that brings in another system's detections for 24 hours, as unsigned",
  options: ["name"],
  changes: true,
  run: async (options, { database: { sql } }) =>
    addImportKey(sql, (await findCollector(sql, { name: nameOf(options) })).id, null),
};

const listKeys: Command = {
  usage: "collector keys --name N",
  about: "a collector's keys, newest first: prefix, when and from where they were last used, how long they work",
  options: ["name"],
  changes: false,
  run: async (options, { database: { sql } }) => ({
    keys: (await findCollector(sql, { name: nameOf(options) })).keys.map((key) => ({
      prefix: key.prefix,
      createdAt: key.createdAt,
      lastUsedAt: key.lastUsedAt,
      lastUsedIp: key.lastUsedIp,
      expiresAt: key.expiresAt,
      revoked: key.revoked?.reason ?? key.revoked?.at ?? null,
    })),
  }),
};

const revokeOneKey: Command = {
  usage: "collector revoke-key --prefix P --reason R",
  about: "refuse one key from now on",
  options: ["prefix", "reason"],
  changes: true,
  run: async (options, { database: { sql } }) => {
    const { prefix, reason } = z.object({ prefix: line(10), reason: line(500) }).parse(options);
    const keys = (await readCollectors(sql, { keys: true })).flatMap((collector) => collector.keys);
    const [wanted, ...others] = keys.filter((key) => key.prefix === prefix && key.revoked === null);
    if (!wanted)
      throw new AppError("not_found", `No key that works begins with ${prefix}. alpr collector keys shows them.`);
    if (others.length > 0)
      throw new AppError(
        "conflict",
        `Several keys begin with ${prefix}. Revoke the right one in the list of collectors.`,
      );
    await revokeKey(sql, wanted.id, reason, null);
    return { prefix, revoked: true };
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
  "collector keys": listKeys,
  "collector rotate-key": rotate,
  "collector import-key": importKey,
  "collector revoke-key": revokeOneKey,
  "camera approve": approveCamera,
};
