/** Roles belong to a whole cluster: many databases make them together, and not everybody who migrates may make them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type EmbeddedDatabase, openEmbedded } from "./embedded.ts";
import { MigrationError, migrate } from "./migrate.ts";
import { APP_ROLE, type Database, openDatabase } from "./open.ts";

let directory: string;
let cluster: EmbeddedDatabase;
let admin: Database;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "chaverim-roles-"));
  cluster = await openEmbedded(directory, "tool");
  admin = openDatabase(cluster.ownerUrl, { max: 1 });
  await admin.sql`drop role alpr_app`;
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const made: string[] = [];
/** A cluster in which nobody has heard of the server's role. */
beforeEach(async () => {
  for (const name of made.splice(0)) await admin.sql.unsafe(`drop database ${name} with (force)`);
  await admin.sql.unsafe(`drop role if exists ${APP_ROLE}; drop role if exists landlord`).simple();
});

/** An empty database, and how `user` reaches it. */
const aDatabase = async (user: string | null = null): Promise<string> => {
  const name = `d_${crypto.randomUUID().slice(0, 8)}`;
  made.push(name);
  await admin.sql.unsafe(`create database ${name} ${user ? `owner ${user}` : ""}`);
  const url = new URL(cluster.ownerUrl);
  url.pathname = `/${name}`;
  if (user) [url.username, url.password] = [user, "p"];
  return url.href;
};
const upgrade = async (url: string) => {
  await using owner = openDatabase(url, { max: 1 });
  return await migrate(owner.sql);
};
const roleAt = async (url: string) => {
  await using app = openDatabase(url, { max: 1, role: APP_ROLE });
  return (await app.sql`select current_user as role, count(*)::int as entries from access_log`)[0];
};
const WORKS = { role: APP_ROLE, entries: 0 };

test.each([null, "landlord"])(
  "Databases that are migrated at the same moment make the role once (owner: %s)",
  async (user) => {
    if (user) await admin.sql.unsafe(`create role ${user} login password 'p' createrole`);
    const urls: string[] = [];
    while (urls.length < 4) urls.push(await aDatabase(user));
    await Promise.all(urls.map(upgrade));
    for (const url of urls) expect(await roleAt(url)).toEqual(WORKS);
  },
);

test("Whoever may not make roles is told what an administrator has to run, and then it works", async () => {
  await admin.sql`create role landlord login password 'p'`;
  const url = await aDatabase("landlord");
  const refusal = await upgrade(url).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(MigrationError);
  const [, advice] = /let an administrator of the server run "(.+?)" once/.exec(String(refusal)) ?? [];
  expect(advice).toBe("create role chaverim_app nologin; grant chaverim_app to landlord;");
  await admin.sql.unsafe(advice ?? "").simple();
  await upgrade(url);
  expect(await roleAt(url)).toEqual(WORKS);
});

test("An owner that may not work as the role migrates all the same, for a login that may", async () => {
  await admin.sql`create role landlord login password 'p'`;
  await admin.sql`create role chaverim_app nologin`;
  const url = await aDatabase("landlord");
  await upgrade(url);
  await expect(roleAt(url)).rejects.toMatchObject({ code: "42501" });
  await admin.sql`drop role if exists lodger`;
  await admin.sql`create role lodger login password 'p' in role chaverim_app`;
  const lodging = new URL(url);
  lodging.username = "lodger";
  expect(await roleAt(lodging.href)).toEqual(WORKS);
  await admin.sql`drop role lodger`;
});
