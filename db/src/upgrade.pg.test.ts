/** A database of the first release, with people, devices, collectors and detections in it, becomes one of the next. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, inject, onTestFinished, test } from "vitest";
import { ensurePartitionsAhead, migrate } from "./migrate.ts";
import { APP_ROLE, type Sql, openDatabase } from "./open.ts";

const FIRST = fileURLToPath(new URL("../migrations/0001-first-light.sql", import.meta.url));

/** Brings an empty database to the first release, and nothing further. */
const aFirstRelease = async (): Promise<{ sql: Sql; url: string }> => {
  const admin = openDatabase(inject("testServerUrl"), { max: 1 });
  const url = new URL(inject("testServerUrl"));
  url.pathname = `/chaverim_first_${crypto.randomUUID().slice(0, 8)}`;
  await admin.sql.unsafe(`create database ${url.pathname.slice(1)}`);
  const database = openDatabase(url.href, { max: 2 });
  const directory = await mkdtemp(join(tmpdir(), "chaverim-first-"));
  onTestFinished(async () => {
    await database[Symbol.asyncDispose]();
    await admin.sql.unsafe(`drop database ${url.pathname.slice(1)} with (force)`);
    await admin[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
  await copyFile(FIRST, join(directory, "0001-first-light.sql"));
  await migrate(database.sql, "upgrade", pathToFileURL(`${directory}/`));
  await ensurePartitionsAhead(database.sql);
  return { sql: database.sql, url: url.href };
};

/** A row or two of every table that had some in daily use. */
const fill = (sql: Sql) =>
  sql
    .unsafe(
      `insert into users (id, email, name, role, password_hash, totp_secret, totp_last_step)
       select gen_random_uuid(), n || '@example.org', 'Person ' || n, (array['admin', 'operator', 'viewer'])[1 + n % 3],
         '$argon2id$' || n, sha256(n::text::bytea), n from generate_series(1, 5) n;
       insert into sessions (id_hash, user_id, kind, assurance, idle_expires_at, absolute_expires_at, ip, user_agent)
       select sha256(id::text::bytea), id, 'app', 'password+totp', now() + '1 day', now() + '14 days', '10.0.0.1', 'Firefox'
       from users;
       insert into setup_links values ('\\x00', now());
       insert into collectors (name, heartbeat) select 'Gate ' || n, '{"queue": 1}' from generate_series(1, 3) n;
       insert into collector_keys (key_hash, collector_id, prefix) select sha256(id::text::bytea), id, 'alpr_12345' from collectors;
       insert into cameras (collector_id, key, name, area, lat) select id, 'gate', 'Gate', 'North', 40.1 from collectors;
       insert into plates values ('7ABC123', '7ABC123', now(), now(), 20);
       insert into detections select gen_random_uuid(), '7ABC123', now(), now(), now(), c.id, c.collector_id, '7-ABC', 0.9, 'IL',
         '{"colour": "red"}', null, false, false, 'ok' from cameras c, generate_series(1, 7);
       insert into evidence_payloads select id, collector_id, '{}', sha256('{}'), 'signed', 1, 2, now(), plate, detected_at from detections;
       insert into evidence_images select id, 'crop', sha256(id::text::bytea), 2000, 'v1', now() from detections;
       insert into quarantine (collector_id, reason, detail, raw, raw_sha256, images, received_at)
       select id, 'unreadable', 'x', '\\x01', sha256('\\x01'), '[]', now() from collectors;
       insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
       select id, '7-ABC-123', '7ABC123', 'stolen', 'exact', now() + '30 days' from watchlists;
       insert into alerts (change, detection_id, plate, detected_at, entry_id, priority, match, late)
       select nextval('alert_changes'), d.id, d.plate, d.detected_at, e.id, 2, '{}', false from detections d, watchlist_entries e;
       insert into outbox (topic, payload) values ('match', '{}');`,
    )
    .simple();

type Row = { table: string; row: Record<string, unknown> };

const rowsOf = async (sql: Sql, tables: readonly string[]): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const table of tables) {
    const found = await sql<
      { row: Row["row"] }[]
    >`select to_jsonb(t) as row from ${sql(table)} t order by t::text collate "C"`;
    rows.push(...found.map(({ row }) => ({ table, row })));
  }
  return rows;
};

test("Everything of the first release is there after the upgrade, cell by cell", async () => {
  const { sql } = await aFirstRelease();
  await fill(sql);
  const tables = (
    await sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not relispartition and relname not in ('migrations', 'setup_links') order by 1`
  ).map(({ name }) => name);
  const before = await rowsOf(sql, tables);
  expect([...new Set(before.map(({ table }) => table))]).toEqual(tables);
  expect((await migrate(sql)).length).toBeGreaterThan(0);
  const after = await rowsOf(sql, tables);
  expect(after).toHaveLength(before.length);
  for (const row of before) expect(after).toContainEqual({ table: row.table, row: expect.objectContaining(row.row) });
  // Nobody loses the search by the upgrade, and every device has a name to be revoked by.
  expect(await sql`select 1 from users where trained_on is distinct from current_date`).toEqual([]);
  expect(await sql`select count(distinct id)::int as devices from sessions`).toEqual([{ devices: 5 }]);
});

test("What was held before the upgrade is not asked for again, quarantined elements included, whatever bytes they are", async () => {
  const { sql } = await aFirstRelease();
  await fill(sql);
  const raws = [
    '{"epoch": 1, "seq": 3, "plate": 7}',
    '{"seq": 9}',
    '{"epoch": 1, "seq": "x"}',
    '{"epoch": 1, "seq": -4}',
    "[1]",
    "7",
    "no json",
  ];
  for (const raw of [...raws.map((text) => Buffer.from(text)), Buffer.from([0xff, 0x00])])
    await sql`insert into quarantine (collector_id, reason, detail, raw, raw_sha256, images, received_at)
      select id, 'schema', 'x', ${raw}, sha256(${raw}), '[]', now() from collectors where name = 'Gate 1'`;
  await migrate(sql);
  expect(
    await sql`
    select c.name, r.epoch::int as epoch, r.seqs::text as seqs from collector_received r join collectors c on c.id = r.collector_id
    order by 1, 2`,
  ).toEqual([
    { name: "Gate 1", epoch: 0, seqs: "{[9,10)}" },
    { name: "Gate 1", epoch: 1, seqs: "{[2,4)}" },
    { name: "Gate 2", epoch: 1, seqs: "{[2,3)}" },
    { name: "Gate 3", epoch: 1, seqs: "{[2,3)}" },
  ]);
});

test("After the upgrade the server works on what was there, without the owner's rights", async () => {
  const { sql, url } = await aFirstRelease();
  await fill(sql);
  await migrate(sql);
  await using app = openDatabase(url, { max: 1, role: APP_ROLE });
  expect(await app.sql`select count(*)::int as count from detections`).toEqual([{ count: 21 }]);
  expect((await app.sql`update sessions set last_used_at = now()`).count).toBe(5);
  await expect(app.sql`delete from detections`).rejects.toMatchObject({ code: "42501" });
  const months = await sql<{ name: string }[]>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'detections'::regclass`;
  for (const { name } of months)
    await expect(app.sql`delete from ${app.sql(name)}`).rejects.toMatchObject({ code: "42501" });
});
