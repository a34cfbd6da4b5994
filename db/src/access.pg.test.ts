/** What the database itself forbids the server, read from the catalogue: also for tables that a later migration makes. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ensurePartitionsAhead } from "./migrate.ts";
import type { Sql } from "./open.ts";
import { type TestDatabase, openTestDatabase } from "./testing.ts";

/** Rows of these are only ever added. */
const INSERT_ONLY = [
  "detections",
  "evidence_payloads",
  "evidence_images",
  "quarantine",
  "quarantine_decisions",
  "quarantine_images",
  "central_epochs",
  "access_log",
  "policies",
  "reading_corrections",
  "plate_notes",
];
/** Rows of these go when they are used up. */
const DELETABLE = ["collector_received", "outbox", "recovery_codes", "sessions", "throttles"];
/** Written by whoever migrates; the server reads it alone. */
const READ_ONLY = ["migrations"];

let database: TestDatabase;
let owner: Sql;
beforeAll(async () => {
  database = await openTestDatabase(inject("testServerUrl"));
  owner = database.owner;
  await ensurePartitionsAhead(database.sql);
  // One that the server asks for later, beside those that were there at the migration.
  await database.sql`select ensure_detection_partitions('2031-01-01Z', '2031-01-02Z')`;
});
afterAll(() => database[Symbol.asyncDispose]());

type Grant = { name: string; grantee: string; privilege: string };
/** Every privilege on tables, views and sequences of ours that somebody else than their owner holds. */
const grantsOnRelations = () => owner<(Grant & { isPartition: boolean })[]>`
  select c.relname as name, coalesce(g.rolname, 'PUBLIC') as grantee, a.privilege_type as privilege,
    c.relispartition as "isPartition"
  from pg_class c, aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a
  left join pg_roles g on g.oid = a.grantee
  where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner order by 1, 2, 3`;

test("Every table says what the server may do with it, and what is insert-only can be read and added to alone", async () => {
  const tables = await owner<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`;
  const grants = await grantsOnRelations();
  const held = new Map(
    tables.map(({ name }) => [name, grants.filter((grant) => grant.name === name).map(({ privilege }) => privilege)]),
  );
  expect(tables.length).toBeGreaterThan(20);
  for (const [name, privileges] of held) {
    const expected = INSERT_ONLY.includes(name)
      ? ["INSERT", "SELECT"]
      : READ_ONLY.includes(name)
        ? ["SELECT"]
        : DELETABLE.includes(name)
          ? ["DELETE", "INSERT", "SELECT", "UPDATE"]
          : ["INSERT", "SELECT", "UPDATE"];
    expect([name, privileges]).toEqual([name, expected]);
  }
  for (const name of [...INSERT_ONLY, ...DELETABLE, ...READ_ONLY]) expect([name, held.has(name)]).toEqual([name, true]);
});

test("A month of detections is no way round the table: nothing can be written to it by its own name", async () => {
  const partitions = await owner<{ name: string }[]>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'detections'::regclass order by 1`;
  expect(partitions.map(({ name }) => name)).toContain("detections_2031_01");
  for (const { name } of partitions) {
    for (const statement of [
      `insert into ${name} select * from detections limit 0`,
      `update ${name} set plate = ''`,
      `delete from ${name}`,
      `truncate ${name}`,
      `drop table ${name}`,
      `alter table detections detach partition ${name}`,
    ]) {
      await expect(database.sql.unsafe(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
  }
});

test.each(INSERT_ONLY)("Whoever works as the server changes and removes nothing of %s", async (name) => {
  const [column] = await owner<{ name: string }[]>`
    select attname as name from pg_attribute where attrelid = ${name}::regclass and attnum = 1`;
  for (const statement of [
    `update ${name} set ${column?.name} = default`,
    `delete from ${name}`,
    `truncate ${name}`,
    `truncate ${name} cascade`,
    `drop table ${name}`,
    `select from ${name} for update`,
    `alter table ${name} disable trigger all`,
  ]) {
    await expect(database.sql.unsafe(statement), statement).rejects.toMatchObject({ code: "42501" });
  }
});

test("Nobody but the owner may empty a table, hang a trigger on it or refer to it, and only one role is named at all", async () => {
  const grants = await grantsOnRelations();
  expect([...new Set(grants.map(({ grantee }) => grantee))]).toEqual(["chaverim_app"]);
  expect([...new Set(grants.map(({ privilege }) => privilege))].toSorted()).toEqual([
    "DELETE",
    "INSERT",
    "SELECT",
    "UPDATE",
    "USAGE",
  ]);
  const onColumns =
    await owner`select attrelid::regclass, attname from pg_attribute a join pg_class c on c.oid = attrelid
    where relnamespace = 'public'::regnamespace and attacl is not null`;
  expect(onColumns).toEqual([]);
});

test("PUBLIC has nothing: no schema, no function of ours", async () => {
  const [schema] = await owner<{ grantees: string[] }[]>`
    select array_agg(distinct coalesce(g.rolname, 'PUBLIC')::text) as grantees
    from pg_namespace n, aclexplode(n.nspacl) a left join pg_roles g on g.oid = a.grantee
    where n.nspname = 'public' and a.grantee <> n.nspowner`;
  expect(schema?.grantees).toEqual(["chaverim_app"]);
  const functions = await owner<{ name: string; isPublic: boolean }[]>`
    select p.proname as name, exists (
      select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) where grantee = 0) as "isPublic"
    from pg_proc p where p.pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend where objid = p.oid and deptype = 'e') order by 1`;
  expect(functions.length).toBeGreaterThan(3);
  expect(functions.filter(({ isPublic }) => isPublic)).toEqual([]);
});

test("What runs with the owner's rights looks for its tables in one place alone", async () => {
  const definers = await owner<{ name: string; settings: string[] | null }[]>`
    select proname as name, proconfig as settings from pg_proc
    where pronamespace = 'public'::regnamespace and prosecdef order by 1`;
  expect(definers.map(({ name }) => name)).toContain("chain_access_entry");
  // pg_temp last and by name: left out, it would be searched first.
  for (const { name, settings } of definers) expect([name, settings]).toEqual([name, ["search_path=public, pg_temp"]]);
});

test("The server's role cannot log in, has no might of its own, belongs to nobody and owns nothing", async () => {
  const [role] = await owner`
    select rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
      (select count(*)::int from pg_auth_members where member = r.oid) as memberships,
      (select count(*)::int from pg_shdepend where refobjid = r.oid and deptype = 'o') as possessions
    from pg_roles r where rolname = 'chaverim_app'`;
  expect(role).toEqual({
    rolcanlogin: false,
    rolsuper: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    rolbypassrls: false,
    memberships: 0,
    possessions: 0,
  });
  for (const statement of [
    "create table mine (id int)",
    "create schema mine",
    "create role mine",
    "create view mine as select 1",
  ])
    await expect(database.sql.unsafe(statement), statement).rejects.toMatchObject({ code: "42501" });
});

test("A connection of the server keeps its role when it is reset", async () => {
  const connection = await database.sql.reserve();
  try {
    for (const statement of ["reset role", "reset all", "discard all"]) {
      await connection.unsafe(statement);
      expect(await connection`select current_user as role`).toEqual([{ role: "chaverim_app" }]);
    }
  } finally {
    connection.release();
  }
});
