/**
 * Databases for tests: one embedded server for the whole run, one migrated template, one copy of it per test file.
 * Rule: a real PostgreSQL always; TEST_DATABASE_URL names another one to use instead of the embedded.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testServerUrl } from "./config.ts";
import { postgres } from "./driver.ts";
import { openEmbedded } from "./embedded.ts";
import { migrate } from "./migrate.ts";
import { APP_ROLE, type Database, type Sql, openDatabase } from "./open.ts";

// What global-setup.ts hands to the test files, for all packages that have some.
declare module "vitest" {
  export interface ProvidedContext {
    testServerUrl: string;
  }
}

const TEMPLATE = "chaverim_test_template";

const atDatabase = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};

/**
 * Starts the server of a test run and migrates the template database.
 * @returns its address, to be handed to the test processes, and how to stop it
 */
export const startTestServer = async (): Promise<{ url: string; stop: () => Promise<void> }> => {
  const external = testServerUrl();
  const directory = external ? null : await mkdtemp(join(tmpdir(), "chaverim-test-"));
  const embedded = directory ? await openEmbedded(directory, "server") : null;
  const url = external ?? embedded?.ownerUrl ?? "";
  const admin = postgres(url, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`drop database if exists ${TEMPLATE}`);
  await admin.unsafe(`create database ${TEMPLATE}`);
  const template = postgres(atDatabase(url, TEMPLATE), { max: 1, onnotice: () => undefined });
  await migrate(template);
  await template.end();
  await admin.end();
  return {
    url,
    stop: async () => {
      await embedded?.[Symbol.asyncDispose]();
      if (directory) await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Its `sql` and `orm` work as the server does, without the owner's rights. */
export type TestDatabase = Database & {
  /** With the owner's login. */
  url: string;
  /** For what the server may not do: tampering on purpose, and reading what was tampered with. */
  owner: Sql;
};

/**
 * Copies the migrated template (about 60 ms) and opens the copy; dropped on dispose.
 * @param serverUrl what `startTestServer` returned
 */
export const openTestDatabase = async (serverUrl: string): Promise<TestDatabase> => {
  const name = `chaverim_test_${randomBytes(6).toString("hex")}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  // A template is copied by one session at a time; test files start together.
  await admin`select pg_advisory_lock(hashtext('chaverim.template'))`;
  await admin.unsafe(`create database ${name} template ${TEMPLATE}`);
  await admin`select pg_advisory_unlock_all()`;
  const url = atDatabase(serverUrl, name);
  const database = openDatabase(url, { max: 8, role: APP_ROLE });
  const owner = openDatabase(url, { max: 2 });
  return {
    ...database,
    url,
    owner: owner.sql,
    [Symbol.asyncDispose]: async () => {
      await owner[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
};
