/** The mark on a real database. Rule: only a database that is older than its note begins an epoch. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { aHeartbeat, sendHeartbeat } from "../testing/devices.ts";
import { silentLog } from "../log.ts";
import { noteMark } from "./central-mark.ts";

let central: TestCentral;
let elsewhere: string;
beforeAll(async () => {
  central = await openTestCentral();
  elsewhere = await mkdtemp(join(tmpdir(), "mark-"));
  const collector = await central.addCollector();
  await sendHeartbeat(central.url, collector.apiKey, aHeartbeat());
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
  await rm(elsewhere, { recursive: true });
});
beforeEach(async () => {
  await central.sql`update health_alerts set resolved_at = now() where resolved_at is null`;
});

const mark = (dataDir = central.dataDir) => noteMark(central.sql, dataDir, silentLog);
const epoch = async () =>
  (await central.sql<{ epoch: number }[]>`select max(epoch)::int as epoch from central_epochs`)[0]?.epoch;
const watched = async () =>
  (await central.sql`select 1 from health_alerts where kind = 'restored' and resolved_at is null`).length;

test("A central that starts and goes on with its own database stays in its epoch, also when a note was not written", async () => {
  await mark();
  await mark();
  // A crash after the commit.
  await central.sql`update central_marks set marks = marks + 1`;
  await mark();
  expect([await epoch(), await watched()]).toEqual([1, 0]);
  expect((await readdir(central.dataDir)).filter((name) => name.startsWith("mark"))).toEqual(["mark.json"]);
});

test("A database from before the note begins an epoch, once, and every collector is watched", async () => {
  await mark();
  await central.sql`update central_marks set marks = marks - 1`;
  await mark();
  expect([await epoch(), await watched()]).toEqual([2, 1]);
  await mark();
  expect(await epoch()).toBe(2);
});

test("A database from before the last epoch begins the one after it, however much it was used meanwhile", async () => {
  await writeFile(join(central.dataDir, "mark.json"), JSON.stringify({ epoch: 5, marks: 1 }));
  await mark();
  expect([await epoch(), await watched()]).toEqual([6, 1]);
});

test("A database that was brought to another machine begins an epoch there", async () => {
  await mark(elsewhere);
  expect([await epoch(), await watched()]).toEqual([7, 1]);
  await mark(elsewhere);
  expect(await epoch()).toBe(7);
});

test("A note that cannot be written stops nothing, and one that cannot be read is none", async () => {
  await mkdir(join(elsewhere, `mark.json.${process.pid}`));
  const before = await readFile(join(elsewhere, "mark.json"), "utf8");
  await mark(elsewhere);
  expect([await readFile(join(elsewhere, "mark.json"), "utf8"), await epoch()]).toEqual([before, 7]);
  await rm(join(elsewhere, `mark.json.${process.pid}`), { recursive: true });
  await writeFile(join(elsewhere, "mark.json"), "");
  await mark(elsewhere);
  expect(await epoch()).toBe(8);
});
