/**
 * What the demo keeps between starts: that the directory is its own, and the accounts and keys of its town.
 * Rule: it never writes into a directory that holds data which the demo did not make.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Config } from "../config.ts";
import { DemoError, codeOf, reasonOf } from "../failure.ts";
import { COLLECTORS } from "../town/cameras.ts";
import type { CollectorName } from "../town/cameras.ts";

export const ROLES = ["admin", "operator", "viewer"] as const;
export type Account = { email: string; name: string; role: (typeof ROLES)[number]; totpSecret: string };

export type Credentials = {
  seed: number;
  password: string;
  accounts: Account[];
  /** API keys by collector. */
  keys: Record<CollectorName, string>;
  /** Tokens in the addresses that the Hikvision cameras push to, by camera id. */
  tokens: Record<string, string>;
};

/** Writes a file in one step, readable by its owner alone: it may hold keys. */
export const writePrivately = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.new`;
  await writeFile(unfinished, text, { mode: 0o600 });
  await rename(unfinished, path);
};

/** The JSON of a file, or null when there is no such file. */
export const readJson = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new DemoError(`${path} cannot be read (${reasonOf(error)}): ${startAgain(dirname(path))}`, 1, {
      cause: error,
    });
  }
};

/** The way out of every half-deleted directory. */
const startAgain = (dataDir: string): string => {
  const path = relative(process.cwd(), dataDir);
  return `run \`rm -rf ${path === "" || path.startsWith("..") ? dataDir : path}\` and start again.`;
};

/** The file by which PostgreSQL knows its own directory, where central's embedded database keeps it. */
const databaseIn = (dataDir: string): boolean => existsSync(join(dataDir, "postgres", "cluster", "PG_VERSION"));

const isCredentials = (value: unknown): value is Credentials => {
  if (typeof value !== "object" || value === null) return false;
  const { seed, password, accounts, keys, tokens } = value as Partial<Credentials>;
  return (
    typeof seed === "number" &&
    typeof password === "string" &&
    Array.isArray(accounts) &&
    accounts.length === ROLES.length &&
    typeof keys === "object" &&
    COLLECTORS.every((name) => typeof keys[name] === "string") &&
    typeof tokens === "object"
  );
};

/**
 * Looks at the data directory before anything is started.
 * @returns the kept credentials, or null for a first start; throws DemoError when the directory is not fit
 */
export const readState = async ({ dataDir, paths, seed }: Config): Promise<Credentials | null> => {
  let names: string[];
  try {
    names = existsSync(dataDir) ? await readdir(dataDir) : [];
  } catch (error) {
    throw new DemoError(`DATA_DIR ${dataDir} cannot be read (${reasonOf(error)}).`, 1, { cause: error });
  }
  const kept = await readJson(paths.credentials);
  if (!existsSync(paths.marker)) {
    if (kept !== null)
      throw new DemoError(
        `${dataDir} has the demo's credentials but not its ${basename(paths.marker)}: ${startAgain(dataDir)}`,
      );
    if (names.length > 0) {
      throw new DemoError(
        `${dataDir} holds data that the demo did not make, and simulated data is never mixed with real data: set DATA_DIR to a new directory.`,
      );
    }
    return null;
  }
  if (kept === null) {
    if (databaseIn(dataDir))
      throw new DemoError(
        `${dataDir} has a database but not its ${basename(paths.credentials)}: ${startAgain(dataDir)}`,
      );
    return null;
  }
  if (!isCredentials(kept)) throw new DemoError(`${paths.credentials} is not complete: ${startAgain(dataDir)}`);
  if (!databaseIn(dataDir))
    throw new DemoError(`${dataDir} has the demo's credentials but no database: ${startAgain(dataDir)}`);
  if (seed !== null && seed !== kept.seed) {
    throw new DemoError(`${dataDir} holds the town of seed ${kept.seed}: leave --seed out, or ${startAgain(dataDir)}`);
  }
  return kept;
};

/** Marks the directory as the demo's own, before anything else is written there. */
export const markDirectory = async ({ dataDir, paths }: Config): Promise<void> => {
  try {
    await writePrivately(paths.marker, `${JSON.stringify({ simulated: true })}\n`);
  } catch (error) {
    throw new DemoError(`DATA_DIR ${dataDir} cannot be written (${reasonOf(error)}).`, 1, { cause: error });
  }
};

export const saveCredentials = ({ paths }: Config, credentials: Credentials): Promise<void> =>
  writePrivately(paths.credentials, `${JSON.stringify(credentials, null, 2)}\n`);

/** What to say when central does not know a kept key: its database is not the one that the keys were made in. */
export const keyUnknown = (dataDir: string): DemoError =>
  new DemoError(`The database in ${dataDir} does not know the demo's keys: ${startAgain(dataDir)}`);
