/**
 * The operator's command: `npm run -s alpr -- <noun> <verb> [--option value] [--json]`, usable while the server runs.
 * Rule: secrets come on standard input, are printed once, and nothing asks a question.
 */
import { parseArgs } from "node:util";
import { EmbeddedError } from "@chaverim/db/embedded";
import { MigrationError } from "@chaverim/db/migrate";
import * as z from "zod";
import { ConfigError, readConfig } from "../config.ts";
import { AppError } from "../failure.ts";
import { createPolicy } from "../policy/policy.ts";
import { createLuciaSessions } from "../sessions/lucia-sessions.ts";
import { VERSION } from "../version.ts";
import { collectorCommands } from "./commands/collectors.ts";
import type { Command, Options, Result } from "./commands/command.ts";
import { logCommands } from "./commands/log.ts";
import { mapCommands } from "./commands/map.ts";
import { userCommands } from "./commands/users.ts";
import { watchlistCommands } from "./commands/watchlists.ts";
import { recordAct } from "./console-act.ts";
import { openCentralDatabase } from "./database.ts";
import { createDoctorReport } from "./doctor.ts";

const COMMANDS: Record<string, Command> = {
  ...userCommands,
  ...collectorCommands,
  ...watchlistCommands,
  ...logCommands,
  ...mapCommands,
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

const runCommand = async (name: string, command: Command, options: Options): Promise<Result> => {
  const config = readConfig();
  await using database = await openCentralDatabase(config, "tool");
  const policy = createPolicy(database.sql);
  const console = { config, database, policy, sessions: createLuciaSessions(database.sql, policy) };
  const work = () => command.run(options, console);
  // Awaited here: the database closes with this function.
  return await (command.changes ? recordAct(console, name, options, work) : work());
};

/** `user add` and `--email …`: the words before the first option name the command. */
const splitName = (args: readonly string[]): { name: string; rest: readonly string[] } => {
  const first = args.findIndex((arg) => arg.startsWith("-"));
  const words = first < 0 ? args.length : first;
  return { name: args.slice(0, words).join(" "), rest: args.slice(words) };
};

const readOptions = (args: readonly string[], command: Command | undefined): Options => {
  const { values } = parseArgs({
    args: joinNegatives(args),
    options: {
      ...Object.fromEntries((command?.options ?? []).map((name) => [name, { type: "string" as const }])),
      ...Object.fromEntries((command?.flags ?? []).map((name) => [name, { type: "boolean" as const }])),
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  return values;
};

/** @returns the exit code: 0 done, 1 a check failed, 2 the command was not understood */
const run = async (): Promise<number> => {
  const args = process.argv.slice(2);
  const { name, rest } = splitName(args);
  const command = COMMANDS[name];
  if (args.includes("--help") || (!command && name !== "doctor" && name !== "version")) {
    process.stdout.write(`${usage()}\n`);
    return args.includes("--help") ? 0 : 2;
  }
  const options = readOptions(rest, command);
  const json = options["json"] === true;
  if (command) {
    const result = await runCommand(name, command, options);
    print(result, json);
    return command.isWell?.(result) === false ? 1 : 0;
  }
  if (name === "version") print({ version: VERSION, node: process.versions.node }, json);
  if (name !== "doctor") return 0;
  const { text: report, isHealthy, checks } = await createDoctorReport();
  process.stdout.write(json ? `${JSON.stringify({ healthy: isHealthy, checks })}\n` : `${report}\n`);
  return isHealthy ? 0 : 1;
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
