/** Migrations: whole or not at all, once, forward only; and the typed mirror of what they make. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeEach, expect, inject, test } from "vitest";
import { MigrationError, ensurePartitionsAhead, migrate } from "./migrate.ts";
import { type Sql, openDatabase } from "./open.ts";
import * as schema from "./schema.ts";
import { openTestDatabase } from "./testing.ts";

const admin = openDatabase(inject("testServerUrl"), { max: 1 });
const made: AsyncDisposable[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "chaverim-migrations-"));
});
afterEach(() => rm(directory, { recursive: true }));
afterAll(async () => {
  for (const resource of made) await resource[Symbol.asyncDispose]();
  await admin[Symbol.asyncDispose]();
});

/** An empty database of its own, and the URL of a second pool on it. */
const anEmptyDatabase = async (): Promise<{ sql: Sql; url: string }> => {
  const name = `chaverim_empty_${crypto.randomUUID().slice(0, 8)}`;
  await admin.sql.unsafe(`create database ${name}`);
  const url = new URL(inject("testServerUrl"));
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, { max: 2 });
  made.push({
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await admin.sql.unsafe(`drop database ${name} with (force)`);
    },
  });
  return { sql: database.sql, url: url.href };
};
const write = (name: string, text: string) => writeFile(join(directory, name), text);
const run = (sql: Sql) => migrate(sql, "upgrade", pathToFileURL(`${directory}/`));
const tables = async (sql: Sql) =>
  (await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public' order by 1`).map(
    ({ name }) => name,
  );

test("A fresh database gets every migration, a second start none", async () => {
  const { sql } = await anEmptyDatabase();
  const applied = await migrate(sql);
  expect(applied.length).toBeGreaterThan(0);
  expect(applied).toEqual(applied.toSorted());
  expect(await migrate(sql)).toEqual([]);
  expect((await sql`select name from migrations order by name`).map((row) => row["name"] as unknown)).toEqual(applied);
});

test("Servers that start at the same moment apply each migration once", async () => {
  const { sql, url } = await anEmptyDatabase();
  await write(
    "0001-slow.sql",
    "select pg_sleep(0.2); create table once (at timestamptz not null default clock_timestamp()); insert into once default values;",
  );
  const others = Array.from({ length: 5 }, () => openDatabase(url, { max: 1 }));
  const applied = await Promise.all(others.map((other) => run(other.sql)));
  for (const other of others) await other[Symbol.asyncDispose]();
  expect(applied.flat()).toEqual(["0001-slow.sql"]);
  expect(await sql`select 1 from once`).toHaveLength(1);
});

test("A migration that fails leaves nothing behind, and the one before it stays", async () => {
  const { sql } = await anEmptyDatabase();
  await write("0001-good.sql", "create table good (id int);");
  await write("0002-bad.sql", "create table half (id int); insert into half values (1); select 1 / 0;");
  await expect(run(sql)).rejects.toMatchObject({ code: "22012" });
  expect(await tables(sql)).toEqual(["good", "migrations"]);
  expect(await sql`select name from migrations`).toEqual([{ name: "0001-good.sql" }]);
  // Nothing keeps the next start from trying: the lock is free and no transaction is open.
  await write("0002-bad.sql", "create table half (id int);");
  expect(await run(sql)).toEqual(["0002-bad.sql"]);
});

test("A database of a newer version is refused, with what to do", async () => {
  const { sql } = await anEmptyDatabase();
  await write("0001-a.sql", "select 1;");
  await write("0002-b.sql", "select 1;");
  await run(sql);
  await rm(join(directory, "0002-b.sql"));
  await expect(run(sql)).rejects.toThrow(
    new MigrationError(
      "The database is newer than this program: it holds migration 0002-b.sql. Start the newer version.",
    ),
  );
});

test("A migration whose file was changed since is refused", async () => {
  const { sql } = await anEmptyDatabase();
  await write("0001-a.sql", "select 1;");
  await run(sql);
  await write("0001-a.sql", "select 2;");
  await expect(run(sql)).rejects.toThrow(MigrationError);
});

test("Every column of the typed mirror is in the database, with the same type and the same null", async () => {
  await using database = await openTestDatabase(inject("testServerUrl"));
  const columns = await database.sql<{ key: string; type: string; notNull: boolean }[]>`
    select c.relname || '.' || a.attname as key, format_type(a.atttypid, null) as type, a.attnotnull as "notNull"
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and a.attnum > 0 and not a.attisdropped`;
  const inDatabase = new Map(columns.map(({ key, type, notNull }) => [key, { type, notNull }]));
  const mirrored = Object.values(schema).flatMap((value): PgTable[] => (is(value, PgTable) ? [value as PgTable] : []));
  expect(mirrored.length).toBeGreaterThan(5);
  for (const table of mirrored) {
    for (const column of Object.values(getTableColumns(table))) {
      const key = `${getTableName(table)}.${column.name}`;
      expect([key, inDatabase.get(key)]).toEqual([key, { type: column.getSQLType(), notNull: column.notNull }]);
    }
  }
});

test("Partitions cover last month to three months ahead, and a detection of each falls into its own", async () => {
  await using database = await openTestDatabase(inject("testServerUrl"));
  const { sql } = database;
  await Promise.all(Array.from({ length: 6 }, () => ensurePartitionsAhead(sql)));
  const months = await sql<{ name: string }[]>`
    select 'detections_' || to_char(month, 'YYYY_MM') as name
    from generate_series(date_trunc('month', now() at time zone 'UTC') - interval '1 month', now() at time zone 'UTC' + interval '3 months', interval '1 month') month`;
  const partitions = await sql<
    { name: string }[]
  >`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'detections'::regclass order by 1`;
  expect(partitions).toEqual(expect.arrayContaining(months.map(({ name }) => ({ name }))));
  expect(partitions.length).toBe(months.length);
});

test("A month's edges belong to it in UTC, wherever the session is", async () => {
  await using database = await openTestDatabase(inject("testServerUrl"));
  const { sql } = database;
  await sql.begin(async (transaction) => {
    await transaction`set local timezone to 'Pacific/Kiritimati'`;
    await transaction`select ensure_detection_partitions('2025-03-31T23:59:59.999Z', '2025-04-01T00:00:00Z')`;
  });
  for (const at of [
    "2025-03-01T00:00:00Z",
    "2025-03-31T23:59:59.999Z",
    "2025-04-01T00:00:00Z",
    "2025-04-30T23:59:59.999Z",
  ]) {
    await sql`insert into detections (id, plate, detected_at, captured_at, received_at, camera_id, collector_id, retransmitted, clock_suspect, integrity)
      values (gen_random_uuid(), 'A', ${at}, ${at}, ${at}, gen_random_uuid(), gen_random_uuid(), false, false, 'unsigned')`;
  }
  expect(
    await sql`select tableoid::regclass::text as month, count(*)::int as count from detections group by 1 order by 1`,
  ).toEqual([
    { month: "detections_2025_03", count: 2 },
    { month: "detections_2025_04", count: 2 },
  ]);
});

test("Dates and arrays pass through plain SQL as they are, and through typed queries too", async () => {
  await using database = await openTestDatabase(inject("testServerUrl"));
  const at = new Date("2026-01-02T03:04:05.678Z");
  const texts = ['a "quoted" one', "NULL", "{a,b}", "back\\slash", ""];
  const [row] = await database.sql`select ${at}::timestamptz as at, ${texts}::text[] as texts`;
  expect(row).toEqual({ at, texts });
  const [list] = await database.orm.select().from(schema.watchlists);
  expect(list?.createdAt).toBeInstanceOf(Date);
});
