/**
 * The operator's command: `npm run -s alpr -- <noun> <verb> [--option value] [--json]`, usable while the server runs.
 * Rule: secrets come on standard input, are printed once, and nothing asks a question.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import {
  PASSWORD_MAX,
  PASSWORD_MIN,
  addEntrySchema,
  normalizeEmail,
  prioritySchema,
  roleSchema,
} from "@chaverim/contracts";
import { EmbeddedError } from "@chaverim/db/embedded";
import { MigrationError } from "@chaverim/db/migrate";
import type { Database } from "@chaverim/db/open";
import { users, watchlists } from "@chaverim/db/schema";
import { asc } from "drizzle-orm";
import * as z from "zod";
import { hashPassword } from "../auth/passwords.ts";
import { createTotpSecret, describeTotp } from "../auth/totp.ts";
import { placeCamera } from "../collectors/cameras.ts";
import { addCollector, revokeCollector } from "../collectors/keys.ts";
import { readCollectors } from "../collectors/list.ts";
import { type Config, ConfigError, readConfig } from "../config.ts";
import { AppError } from "../failure.ts";
import { type CentralKeys, openKeys } from "../keys.ts";
import { lineSchema as line } from "../line.ts";
import { VERSION } from "../version.ts";
import { addEntry, createWatchlist } from "../watchlists/entries.ts";
import { openCentralDatabase } from "./database.ts";
import { createDoctorReport } from "./doctor.ts";
import { assertKeysFit } from "./opening.ts";

type Result = Record<string, unknown>;
type Options = Record<string, string | boolean | undefined>;
type Command = {
  usage: string;
  about: string;
  run: (options: Options, database: Database, config: Config) => Promise<Result>;
};

/** The keys that the server of this database uses; made here only where the database lies beside them. */
const openServerKeys = async (database: Database, config: Config): Promise<CentralKeys> => {
  const keys = await openKeys(join(config.dataDir, "keys"), config.databaseUrl === null).catch((cause: unknown) => {
    throw new ConfigError("DATA_DIR has no key files: set it to the server's DATA_DIR, and start the server once.", {
      cause,
    });
  });
  await assertKeysFit(database, keys);
  return keys;
};

const addUser: Command = {
  usage: "user add --email E --name N --role admin|operator|viewer --password-stdin",
  about: "make an account; prints the secret for its authenticator app, once",
  run: async (options, database, config) => {
    const user = z
      .object({ email: z.string().transform(normalizeEmail).pipe(z.email()), name: line(100), role: roleSchema })
      .parse(options);
    if (!options["password-stdin"])
      throw new AppError("invalid", "Give the password on standard input: --password-stdin");
    const password = z
      .string()
      .min(PASSWORD_MIN, `A password has at least ${PASSWORD_MIN} characters.`)
      .max(PASSWORD_MAX)
      .parse((await text(process.stdin)).replace(/\r?\n$/, ""));
    const keys = await openServerKeys(database, config);
    const secret = createTotpSecret();
    const [made] = await database.orm
      .insert(users)
      .values({ ...user, passwordHash: await hashPassword(password), totpSecret: keys.seal(secret) })
      .onConflictDoNothing()
      .returning({ id: users.id });
    if (!made) throw new AppError("conflict", `${user.email} has an account already.`);
    return { id: made.id, email: user.email, ...describeTotp(secret, user.email) };
  },
};

const addCollectorCommand: Command = {
  usage: "collector add --name N",
  about: "register a collector; prints its key, once",
  run: (options, { sql }) => addCollector(sql, line(60).parse(options["name"], { error: () => "--name is needed" })),
};

const listCollectors: Command = {
  usage: "collector list",
  about: "collectors with their ids, states and queues",
  run: async (_options, { sql }) => ({
    collectors: (await readCollectors(sql)).map(({ id, name, state, lastSeenAt, queue }) => ({
      id,
      name,
      state,
      lastSeenAt,
      waiting: queue?.rows ?? null,
    })),
  }),
};

const revokeCollectorCommand: Command = {
  usage: "collector revoke (--id ID | --name N) --reason R",
  about: "refuse a collector from now on; what it sent stays",
  run: async (options, { sql }) => {
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

const approveCameraCommand: Command = {
  usage:
    "camera approve --collector NAME (--id CAMERA [--name N --area A --lat L --lon L --heading H] | --file cameras.json)",
  about: "let a camera raise alerts, and say where it stands",
  run: async (options, { sql }) => {
    const collector = line(60).parse(options["collector"], { error: () => "--collector is needed" });
    const cameras = options["file"]
      ? z.array(placementSchema).parse(JSON.parse(await readFile(String(options["file"]), "utf8")))
      : [placementSchema.parse(options)];
    const approved: string[] = [];
    for (const camera of cameras) approved.push((await placeCamera(sql, collector, camera)).id);
    return { approved };
  },
};

const addWatchlist: Command = {
  usage: "watchlist add --name N --priority 1|2|3",
  about: "make a watchlist",
  run: async (options, { sql }) => {
    const list = z.object({ name: line(60), priority: z.coerce.number().pipe(prioritySchema) }).parse(options);
    return { id: (await createWatchlist(sql, { ...list, field: true })).id };
  },
};

const addWatchlistEntry: Command = {
  usage:
    "watchlist add-entry --plate P --reason R [--list NAME] [--vehicle V] [--match exact|look-alike] [--expires ISO]",
  about: "watch a plate; in force at once, for 30 days unless told otherwise",
  run: async (options, { sql, orm }) => {
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

const COMMANDS: Record<string, Command> = {
  "user add": addUser,
  "collector add": addCollectorCommand,
  "collector list": listCollectors,
  "collector revoke": revokeCollectorCommand,
  "camera approve": approveCameraCommand,
  "watchlist add": addWatchlist,
  "watchlist add-entry": addWatchlistEntry,
};

const usage = (): string =>
  [
    "npm run -s alpr -- <noun> <verb> [--json]",
    "",
    ...Object.values(COMMANDS).map(({ usage: form, about }) => `  ${form}\n      ${about}`),
    "  doctor\n      check this installation, one line a check, with the fix",
    "  version",
    "",
    "It works on the data of DATA_DIR (default .data/central) or DATABASE_URL, also while the server runs.",
  ].join("\n");

const OPTIONS = [
  "email",
  "name",
  "role",
  "id",
  "reason",
  "collector",
  "file",
  "area",
  "lat",
  "lon",
  "heading",
  "priority",
  "plate",
  "list",
  "vehicle",
  "match",
  "expires",
] as const;

/** One item of a list: a word, or a record with a line to itself. */
const describe = (item: unknown): string =>
  typeof item === "object" && item !== null ? `\n  ${Object.values(item).map(String).join("  ")}` : String(item);

const print = (result: Result, json: boolean): void => {
  const shown = json
    ? JSON.stringify(result)
    : Object.entries(result)
        .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.map(describe).join(", ") : String(value)}`)
        .join("\n");
  process.stdout.write(`${shown}\n`);
};

/** `--lon -74.2` as people type it; parseArgs takes only `--lon=-74.2`. */
const joinNegatives = (args: readonly string[]): string[] =>
  args.reduce<string[]>((joined, arg) => {
    const last = joined.at(-1);
    return /^-\d/.test(arg) && last && /^--[a-z]+$/.test(last)
      ? [...joined.slice(0, -1), `${last}=${arg}`]
      : [...joined, arg];
  }, []);

/** @returns the exit code: 0 done, 1 a check failed, 2 the command was not understood */
const run = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: joinNegatives(process.argv.slice(2)),
    allowPositionals: true,
    options: {
      ...Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" as const }])),
      "password-stdin": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const options = values as Options;
  const json = options["json"] === true;
  const name = positionals.join(" ");
  if (name === "version") {
    print({ version: VERSION, node: process.versions.node }, json);
    return 0;
  }
  if (name === "doctor") {
    const { text: report, isHealthy, checks } = await createDoctorReport();
    process.stdout.write(json ? `${JSON.stringify({ healthy: isHealthy, checks })}\n` : `${report}\n`);
    return isHealthy ? 0 : 1;
  }
  const command = COMMANDS[name];
  if (!command || options["help"]) {
    process.stdout.write(`${usage()}\n`);
    return options["help"] ? 0 : 2;
  }
  const config = readConfig();
  await using database = await openCentralDatabase(config, "tool");
  print(await command.run(options, database, config), json);
  return 0;
};

const toSentence = (error: unknown): string => {
  if (error instanceof z.ZodError || (error instanceof Error && "issues" in error)) {
    return z
      .prettifyError(error as z.core.$ZodError)
      .replaceAll(/^✖ /gm, "")
      .replaceAll(/\n\s*→ at (\S+)/g, " (--$1)");
  }
  const isForPeople =
    error instanceof AppError ||
    error instanceof ConfigError ||
    error instanceof EmbeddedError ||
    error instanceof MigrationError;
  if (isForPeople || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")) return (error as Error).message;
  return `It did not work: ${error instanceof Error ? error.message : String(error)}`;
};

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`${toSentence(error)}\n`);
  process.exitCode = 2;
}
