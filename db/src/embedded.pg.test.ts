/** The embedded database after a power cut: what its last life left behind must not keep the next one from starting. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgres } from "./driver.ts";
import { openEmbedded } from "./embedded.ts";

let dataDir: string;
const pidFile = () => join(dataDir, "postgres/cluster/postmaster.pid");

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "embedded-"));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

test("a process number that belongs to another program since the power cut does not keep the database from starting", async () => {
  const before = await openEmbedded(dataDir, "tool");
  process.kill(before.pid, "SIGKILL");
  const [, ...rest] = (await readFile(pidFile(), "utf8")).split("\n");
  // This test's own parent runs, and is no PostgreSQL.
  await writeFile(pidFile(), [process.ppid, ...rest].join("\n"));
  await using after = await openEmbedded(dataDir, "tool");
  expect(after.owned).toBe(true);
  const sql = postgres(after.url, { max: 1 });
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
});

test("a second opener uses the database that runs and leaves it running", async () => {
  await using owner = await openEmbedded(dataDir, "server");
  const tool = await openEmbedded(dataDir, "tool");
  expect(tool).toMatchObject({ owned: false, pid: owner.pid });
  await tool[Symbol.asyncDispose]();
  const sql = postgres(owner.url, { max: 1 });
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
});
