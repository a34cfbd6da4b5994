/** Which login central works with, what it can reach with it, and what is told when it is the wrong one. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, type Sql, openDatabase } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ConfigError, readConfig } from "../config.ts";
import { openCentralDatabase } from "./database.ts";

const suffix = randomUUID().slice(0, 8);
const [HOUSE, LODGER, STRANGER] = [`house_${suffix}`, `lodger_${suffix}`, `stranger_${suffix}`];

let admin: Database;
beforeAll(async () => {
  admin = openDatabase(inject("testServerUrl"), { max: 1 });
  await admin.sql.unsafe(`create database ${HOUSE}`);
  await admin.sql.unsafe(`create role ${LODGER} login password 'p' in role chaverim_app`);
  await admin.sql.unsafe(`create role ${STRANGER} login password 'p'`);
});
afterAll(async () => {
  await admin.sql.unsafe(`drop database ${HOUSE} with (force)`);
  for (const role of [LODGER, STRANGER]) await admin.sql.unsafe(`drop role ${role}`);
  await admin[Symbol.asyncDispose]();
});

const urlOf = (user?: string): string => {
  const url = new URL(inject("testServerUrl"));
  url.pathname = `/${HOUSE}`;
  if (user) [url.username, url.password] = [user, "p"];
  return url.href;
};
const configOf = (environment: Record<string, string>) => readConfig({ DATA_DIR: tmpdir(), ...environment });

/** What stops a connection from rewriting the log after it has tried each way out of its role. */
const refusalsAfterEscape = (sql: Sql): Promise<string[]> =>
  Promise.all(
    ["reset role", "set role none", "reset session authorization"].map(async (escape) => {
      const connection = await sql.reserve();
      try {
        await connection.unsafe(escape);
        return await connection.unsafe("update access_log set ip = null").then(
          () => "nothing",
          (error: Error) => error.message,
        );
      } finally {
        await connection.unsafe("reset role");
        connection.release();
      }
    }),
  );
const DENIED = "permission denied for table access_log";
/** What the trigger says to whoever would be allowed. */
const KEPT = "rows of access_log are only ever added";

test("With two logins the owner migrates on a connection of a moment, and the other one has no way to his rights", async () => {
  const config = configOf({ DATABASE_URL: urlOf(LODGER), DATABASE_OWNER_URL: urlOf() });
  await using database = await openCentralDatabase(config, "server");
  expect(database.isOwnersLogin).toBe(false);
  expect(await database.sql`select current_user as role, session_user as login`).toEqual([
    { role: "chaverim_app", login: LODGER },
  ]);
  expect(await refusalsAfterEscape(database.sql)).toEqual([DENIED, DENIED, DENIED]);
  expect(
    await admin.sql`select 1 from pg_stat_activity where application_name = 'chaverim-owner' and datname = ${HOUSE}`,
  ).toEqual([]);
});

test("With the owner's login alone central works in its role, and says that a statement could leave it", async () => {
  await using database = await openCentralDatabase(configOf({ DATABASE_URL: urlOf() }), "server");
  expect(database.isOwnersLogin).toBe(true);
  expect(await database.sql`select current_user as role`).toEqual([{ role: "chaverim_app" }]);
  expect(await refusalsAfterEscape(database.sql)).toEqual([DENIED, KEPT, DENIED]);
});

test("A login that may not work as the server's role is told by name, with what an administrator has to run", async () => {
  const config = configOf({ DATABASE_URL: urlOf(STRANGER), DATABASE_OWNER_URL: urlOf() });
  await expect(openCentralDatabase(config, "server")).rejects.toThrow(
    new ConfigError(
      `The user of DATABASE_URL may not work as chaverim_app: let an administrator of the server run "grant chaverim_app to ${STRANGER};" once, and start again.`,
    ),
  );
});

test("The embedded database is worked with by a login that owns nothing", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "chaverim-login-"));
  try {
    await using database = await openCentralDatabase(readConfig({ DATA_DIR: dataDir }), "tool");
    expect(database.isOwnersLogin).toBe(false);
    expect(await database.sql`select current_user as role, session_user as login`).toEqual([
      { role: "chaverim_app", login: "alpr_app" },
    ]);
    expect(await refusalsAfterEscape(database.sql)).toEqual([DENIED, DENIED, DENIED]);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
