/**
 * The access log against everybody who would change it: the server's role cannot, the owner is stopped by a trigger, and
 * whoever removes that is found out by the chain.
 */
import { type Database, APP_ROLE, type Queryable, type Sql, openDatabase } from "@chaverim/db/open";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPolicy } from "../policy/policy.ts";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, failureOf } from "../testing/people.ts";
import { type LogEntry, appendEntry } from "./append.ts";
import { verifyLog } from "./verify.ts";

let central: TestCentral;
let ownerDatabase: Database;
let owner: Sql;
let operator: Browser;
beforeAll(async () => {
  central = await openTestCentral();
  ownerDatabase = openDatabase(central.databaseUrl, { max: 2 });
  owner = ownerDatabase.sql;
  operator = await central.signIn("operator");
});
afterAll(async () => {
  await ownerDatabase[Symbol.asyncDispose]();
  await central[Symbol.asyncDispose]();
});

const anEntry = (overrides: Partial<LogEntry> = {}): LogEntry => ({
  requestId: crypto.randomUUID(),
  who: null,
  ip: null,
  action: "console.act",
  plate: null,
  filters: {},
  outcome: "ok",
  ...overrides,
});
/** Every cell of it holds something. */
const aFullEntry = (): LogEntry =>
  anEntry({
    who: {
      deviceId: crypto.randomUUID(),
      device: "Phone «é» 电话",
      user: {
        id: crypto.randomUUID(),
        name: "A, 3:b",
        email: "a@example.org",
        role: "operator",
        area: null,
        trainedOn: null,
      },
      investigation: {
        id: crypto.randomUUID(),
        code: "stolen",
        text: "a car",
        caseNumber: "7",
        openedAt: "2026-01-02T03:00:00.000Z",
        expiresAt: new Date().toISOString(),
      },
    },
    ip: "10.0.0.1",
    plate: "7ABC123",
    filters: { plate: "7-abc", nested: '"quoted"', lookAlikes: true },
    outcome: "denied",
    failure: "forbidden",
    shown: ["a", "b"],
    recipient: "the county",
    offline: { id: crypto.randomUUID(), deviceAt: new Date("2026-01-02T03:04:05.678Z") },
  });

describe("Working as the server, nobody can", () => {
  test.each([
    "update access_log set user_name = 'nobody'",
    "update access_log set id = id",
    "delete from access_log",
    "truncate access_log",
    "drop table access_log",
    "drop table access_log cascade",
    "alter table access_log add column note text",
    "alter table access_log drop column plate",
    "alter table access_log rename to old_log",
    "alter table access_log disable trigger access_log_keep",
    "alter table access_log disable trigger all",
    "alter table access_log owner to chaverim_app",
    "alter table access_log set schema pg_temp",
    "drop trigger access_log_chain on access_log",
    "drop trigger access_log_keep on access_log",
    "create trigger mine before insert on access_log for each row execute function refuse_change()",
    "create rule mine as on insert to access_log do instead nothing",
    "create or replace function access_entry_hash(e access_log) returns bytea language sql as $$ select ''::bytea $$",
    "alter function chain_access_entry() security invoker",
    "set session_replication_role = replica",
    "lock table access_log in access exclusive mode",
    "select from access_log for update",
    "insert into access_log select * from access_log on conflict (id) do update set user_name = 'nobody'",
  ])("%s", async (statement) => {
    await expect(central.sql.begin((sql) => sql.unsafe(statement))).rejects.toMatchObject({ code: "42501" });
  });

  // PostgreSQL answers these with a warning.
  test.each([
    "grant update on access_log to public",
    "grant all on access_log to chaverim_app",
    "revoke all on access_log from public",
  ])("%s", async (statement) => {
    const readAcl = () => owner`select relacl::text from pg_class where oid = 'access_log'::regclass`;
    const before = await readAcl();
    await central.sql.unsafe(statement);
    expect(await readAcl()).toEqual(before);
  });
});

test("What the server writes about time, place and hash is overwritten by the database", async () => {
  await central.sql`
    insert into access_log (id, at, previous_hash, hash, request_id, organisation, action, filters, outcome, policy_version, offline)
    values (1, '2001-01-01Z', '\\x01', '\\x02', 'forged', 'o', 'console.act', '{}', 'ok', 0, false)`;
  const [entry] = await central.sql`
    select id = (select max(id) from access_log) as "isLast", at > now() - interval '1 minute' as "isNow"
    from access_log where request_id = 'forged'`;
  expect(entry).toEqual({ isLast: true, isNow: true });
  expect((await verifyLog(central.sql)).broken).toBeNull();
});

test.each(["update access_log set user_name = 'x'", "delete from access_log", "truncate access_log"])(
  "The owner, too, is refused: %s",
  async (statement) => {
    await appendEntry(central.central, anEntry());
    await expect(owner.unsafe(statement)).rejects.toThrow("rows of access_log are only ever added");
  },
);

/** Does `work` to the log with the owner's rights and every guard removed, says what the check finds, and undoes all of it. */
const afterTampering = async (work: (sql: Queryable) => Promise<unknown>) => {
  const undo = new Error("undone");
  let found: Awaited<ReturnType<typeof verifyLog>> | null = null;
  await owner
    .begin(async (sql) => {
      await sql`alter table access_log disable trigger all`;
      const checks = await sql<{ name: string }[]>`
        select conname as name from pg_constraint where conrelid = 'access_log'::regclass and contype = 'c'`;
      for (const { name } of checks) await sql`alter table access_log drop constraint ${sql(name)}`;
      await work(sql);
      found = await verifyLog(sql);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  if (!found) throw new Error("the log was not checked");
  return found as Awaited<ReturnType<typeof verifyLog>>;
};

/** Another value of each type that the log has. */
const OTHER: Readonly<Record<string, string>> = {
  bigint: "coalesce(c, 0) + 1000000",
  integer: "coalesce(c, 0) + 1",
  text: "coalesce(c, '') || ' '",
  uuid: "gen_random_uuid()",
  boolean: "not c",
  jsonb: `c || '{"more": 1}'`,
  bytea: "coalesce(c, '') || '\\x00'",
  "timestamp with time zone": "coalesce(c, now()) + interval '1 microsecond'",
};

test("Whichever one cell of an entry is changed, emptied or filled, the check names that entry", async () => {
  await appendEntry(central.central, anEntry());
  await appendEntry(central.central, aFullEntry());
  await appendEntry(central.central, anEntry());
  await appendEntry(central.central, anEntry());
  const { head } = await verifyLog(owner);
  const full = (head?.id ?? 0) - 2;
  const sparse = full + 1;
  const columns = await owner<{ name: string; type: string; isNull: boolean }[]>`
    select attname as name, format_type(atttypid, null) as type, e.cell is null as "isNull"
    from pg_attribute join jsonb_each_text((select to_jsonb(l) from access_log l where id = ${full})) e (key, cell) on key = attname
    where attrelid = 'access_log'::regclass and attnum > 0 and not attisdropped order by attnum`;
  expect(columns.length).toBeGreaterThan(25);
  // Else one of the cells would not be tried out with something in it.
  expect(columns.filter(({ isNull }) => isNull)).toEqual([]);
  const unfound: unknown[] = [];
  for (const { name, type } of columns) {
    const other = OTHER[type]?.replaceAll(/\bc\b/g, `"${name}"`);
    if (!other) throw new Error(`say here what another ${type} is`);
    const changes = [[full, other], [sparse, other], ...(name === "id" ? [] : [[full, "null"]])] as const;
    for (const [id, value] of changes) {
      const { broken } = await afterTampering(async (sql) => {
        if (name !== "id") await sql.unsafe(`alter table access_log alter "${name}" drop not null`);
        await sql.unsafe(`update access_log set "${name}" = ${value} where id = ${id}`);
      });
      if (broken?.id !== id) unfound.push([name, value, broken]);
    }
  }
  expect(unfound).toEqual([]);
});

test("A time that is no time is no way to hide one", async () => {
  await appendEntry(central.central, anEntry());
  const id = (await verifyLog(owner)).head?.id ?? 0;
  for (const time of ["infinity", "-infinity", "2026-01-01 00:00:00+00 BC", "12026-01-01Z"]) {
    const { broken } = await afterTampering(
      (sql) => sql`update access_log set device_at = ${time}::text::timestamptz where id = ${id}`,
    );
    expect([time, broken]).toEqual([time, { id, problem: "altered" }]);
  }
});

test("Characters that move from one cell to the next are noticed", async () => {
  await appendEntry(central.central, anEntry({ filters: {}, recipient: "ab", failure: "cd" }));
  const id = (await verifyLog(owner)).head?.id ?? 0;
  const { broken } = await afterTampering(
    (sql) => sql`update access_log set recipient = 'a', failure = 'bcd' where id = ${id}`,
  );
  expect(broken).toEqual({ id, problem: "altered" });
});

describe("Rows", () => {
  let last: number;
  beforeAll(async () => {
    for (let count = 0; count < 5; count++) await appendEntry(central.central, anEntry());
    last = (await verifyLog(owner)).head?.id ?? 0;
  });
  const rehash = (sql: Queryable, id: number) =>
    sql`
    update access_log l set previous_hash = (select hash from access_log where id = ${id - 1}) where id = ${id}`.then(
      () => sql`update access_log l set hash = access_entry_hash(l) where id = ${id}`,
    );
  const swap = async (sql: Queryable, a: number, b: number) => {
    await sql`update access_log set id = -1 where id = ${a}`;
    await sql`update access_log set id = ${a} where id = ${b}`;
    await sql`update access_log set id = ${b} where id = -1`;
  };

  test("that are taken out are missing, the first one and one of the middle", async () => {
    for (const id of [1, last - 2]) {
      const { broken } = await afterTampering((sql) => sql`delete from access_log where id = ${id}`);
      expect(broken).toEqual({ id, problem: "missing" });
    }
  });

  test("that change places are found, also when both are given new hashes", async () => {
    expect((await afterTampering((sql) => swap(sql, last - 3, last - 2))).broken).toEqual({
      id: last - 3,
      problem: "altered",
    });
    const { broken } = await afterTampering(async (sql) => {
      await swap(sql, last - 3, last - 2);
      await rehash(sql, last - 3);
      await rehash(sql, last - 2);
    });
    expect(broken).toEqual({ id: last - 1, problem: "altered" });
  });

  test("that are put in between, before the first or behind the last are found", async () => {
    const copyTo = (sql: Queryable, id: number) => sql`
      insert into access_log select (jsonb_populate_record(l, jsonb_build_object('id', ${id}::int, 'offline_id', null))).*
      from access_log l where id = ${last}`;
    const between = await afterTampering(async (sql) => {
      await sql`update access_log set id = -id where id >= ${last - 1}`;
      await sql`update access_log set id = 1 - id where id < 0`;
      await sql`update access_log set id = -1 where id = ${last + 1}`;
      await sql`update access_log set id = ${last + 1} where id = -1`;
      await sql`insert into access_log select (jsonb_populate_record(l, jsonb_build_object('id', ${last - 1}::int))).* from access_log l where id = ${last + 1}`;
      await rehash(sql, last - 1);
    });
    expect(between.broken).toEqual({ id: last, problem: "altered" });
    for (const id of [last + 1, 0, -5]) {
      const { broken } = await afterTampering((sql) => copyTo(sql, id));
      expect(broken).toEqual({ id, problem: "altered" });
    }
  });

  test("that are changed and given a new hash break the next one", async () => {
    const { broken } = await afterTampering(async (sql) => {
      await sql`update access_log set plate = 'OTHER' where id = ${last - 2}`;
      await rehash(sql, last - 2);
    });
    expect(broken).toEqual({ id: last - 1, problem: "altered" });
  });

  test("that are cut off at the end leave another head than the one that was noted", async () => {
    const before = await verifyLog(owner);
    const after = await afterTampering((sql) => sql`delete from access_log where id = ${last}`);
    expect(after).toMatchObject({ broken: null, entries: before.entries - 1, head: { id: last - 1 } });
    expect(after.head?.hash).not.toBe(before.head?.hash);
  });
});

test("Fifty writers at once, on two pools, some of whom give up, leave a chain without a gap", async () => {
  await using first = openDatabase(central.databaseUrl, { max: 8, role: APP_ROLE });
  await using second = openDatabase(central.databaseUrl, { max: 8, role: APP_ROLE });
  const policy = createPolicy(first.sql);
  const before = await verifyLog(owner);
  const giveUp = ({ sql }: Database) =>
    sql
      .begin(async (transaction) => {
        await transaction`
          insert into access_log (request_id, organisation, action, filters, outcome, policy_version, offline)
          values ('given up', 'o', 'console.act', '{}', 'ok', 0, false)`;
        throw new Error("given up");
      })
      .catch(() => undefined);
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => {
      const database = index % 2 === 0 ? first : second;
      return index % 10 === 9 ? giveUp(database) : appendEntry({ database, policy }, anEntry());
    }),
  );
  const after = await verifyLog(owner);
  expect(after).toMatchObject({ broken: null, entries: before.entries + 45 });
  expect(after.head?.id).toBe((before.head?.id ?? 0) + 45);
});

test("A log of many pages is walked to its end", async () => {
  await owner`
    insert into access_log (request_id, organisation, action, filters, outcome, policy_version, offline)
    select n::text, 'o', 'console.act', '{}', 'ok', 0, false from generate_series(1, 2500) n`;
  const [row] = await owner<{ count: number }[]>`select count(*)::int as count from access_log`;
  const whole = await verifyLog(central.sql);
  expect(whole).toMatchObject({ broken: null, entries: row?.count, head: { id: row?.count } });
  // On either side of a page's edge.
  for (const id of [1000, 1001, 2000]) {
    const { broken, entries } = await afterTampering((sql) => sql`update access_log set ip = 'x' where id = ${id}`);
    expect([broken, entries]).toEqual([{ id, problem: "altered" }, row?.count]);
  }
});

test("While the log takes no entry nobody sees anything, everybody is told why, and afterwards all is as before", async () => {
  const collector = await central.addCollector(["gate"]);
  const pictures = { crop: aJpeg() };
  const detection = aDetection({ plate: "SECRET7" }, pictures);
  await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
  const looks = {
    search: async () => (await operator.fetch("/trpc/detections.search", postOf({ plate: "SECRET7" }))).clone(),
    lists: () => operator.fetch("/trpc/watchlists.list", postOf({})),
    crop: () => operator.fetch(`/api/evidence/${detection.id}/crop`),
  };
  const tryAll = async () =>
    Promise.all(
      Object.entries(looks).map(async ([name, look]) => {
        const response = await look();
        return { name, status: response.status, body: Buffer.from(await response.arrayBuffer()) };
      }),
    );
  const before = await verifyLog(owner);
  await owner`revoke insert on access_log from chaverim_app`;
  try {
    for (const { name, status, body } of await tryAll()) {
      const text = body.toString("latin1");
      expect([name, status]).toEqual([name, 503]);
      expect(text).toContain('"code":"db_unavailable"');
      expect(text).toContain("The access log cannot be written, so nothing is shown or done.");
      for (const secret of [
        "SECRET7",
        "Watched vehicles",
        pictures.crop.toString("latin1"),
        "access_log",
        "permission",
      ])
        expect([name, text.includes(secret)]).toEqual([name, false]);
    }
    const [list] = await owner<{ id: string }[]>`select id from watchlists`;
    const adding = operator.trpc.watchlists.addEntry.mutate({
      watchlistId: list?.id ?? "",
      plate: "UNSEEN1",
      reason: "x",
    });
    expect(await failureOf(adding)).toBe("db_unavailable");
    expect(await owner`select 1 from watchlist_entries where plate = 'UNSEEN1'`).toEqual([]);
  } finally {
    await owner`grant insert on access_log to chaverim_app`;
  }
  const [search, lists, crop] = await tryAll();
  expect([search?.status, lists?.status, crop?.status]).toEqual([200, 200, 200]);
  expect(search?.body.toString()).toContain("SECRET7");
  expect(crop?.body.equals(pictures.crop)).toBe(true);
  expect(await verifyLog(owner)).toMatchObject({ broken: null, entries: before.entries + 3 });
});

const postOf = (input: unknown): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(input),
});
