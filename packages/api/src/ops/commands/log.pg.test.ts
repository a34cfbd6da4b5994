/** `alpr log verify` as a process, and what the doctor says of the log. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type TestDatabase, openTestDatabase } from "@chaverim/db/testing";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));
let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await openTestDatabase(inject("testServerUrl"));
  dataDir = await mkdtemp(join(tmpdir(), "chaverim-log-"));
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

const alpr = async (...args: string[]): Promise<{ code: number | null; out: string; error: string }> => {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env["PATH"], DATA_DIR: dataDir, DATABASE_URL: database.url },
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error };
};

/** Three entries, and no guard against the owner. */
beforeEach(async () => {
  await database.owner`alter table access_log disable trigger access_log_keep`;
  await database.owner`delete from access_log`;
  await database.sql`
    insert into access_log (request_id, organisation, action, filters, outcome, policy_version, offline)
    select n::text, 'o', 'console.act', '{}', 'ok', 0, false from generate_series(1, 3) n`;
});

test("An intact log is exit code 0, with its length and its head to be noted", async () => {
  const { code, out, error } = await alpr("log", "verify", "--json");
  const [row] = await database.sql<{ hash: string }[]>`select encode(hash, 'hex') as hash from access_log where id = 3`;
  expect([code, error, JSON.parse(out)]).toEqual([
    0,
    "",
    { entries: 3, head: 3, hash: row?.hash, intact: true, verdict: "Every entry is as it was written." },
  ]);
});

test("A changed entry and a missing one are exit code 1 and a sentence that names it", async () => {
  await database.owner`update access_log set user_name = 'Somebody else' where id = 2`;
  const changed = await alpr("log", "verify");
  expect([changed.code, changed.error]).toEqual([1, ""]);
  expect(changed.out).toMatch(/^verdict: Entry 2 is not as it was written: /m);
  await database.owner`delete from access_log where id = 2`;
  const missing = await alpr("log", "verify");
  expect([missing.code, missing.out]).toEqual([1, expect.stringMatching(/^verdict: Entry 2 is missing: /m)]);
});

test("Checking the log writes nothing to it", async () => {
  await alpr("log", "verify");
  expect(await database.sql`select count(*)::int as count from access_log`).toEqual([{ count: 3 }]);
});

test("The doctor says whether the log can be written and changed, and whose login central has", async () => {
  const lineOf = async (name: string) =>
    (await alpr("doctor")).out.split("\n").find((line) => line.slice(5).startsWith(name));
  expect(await lineOf("access log")).toMatch(/^ok +access log +can be added to, and not changed$/);
  expect(await lineOf("database")).toMatch(/^ok +database +PostgreSQL .+, central's login is the owner's/);
  await database.owner`revoke insert on access_log from chaverim_app`;
  expect(await lineOf("access log")).toMatch(/^FIX +access log +cannot be written: .+ -> .+grant insert on access_log/);
  await database.owner`grant insert, update on access_log to chaverim_app`;
  expect(await lineOf("access log")).toMatch(/^FIX +access log +central may change it +-> .+revoke update/);
  await database.owner`revoke update on access_log from chaverim_app`;
});
