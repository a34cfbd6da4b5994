/** The embedded database after a power cut: what its last life left behind must not keep the next one from starting. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgres } from "./driver.ts";
import { EmbeddedError, openEmbedded } from "./embedded.ts";

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

const answers = async (url: string): Promise<boolean> => {
  const sql = postgres(url, { max: 1, connect_timeout: 2 });
  try {
    return (await sql`select 1`).length === 1;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
};

const children = new Set<ChildProcess>();
// Also when a test failed before it ended its own.
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

const loginOf = async (url: string) => {
  const sql = postgres(url, { max: 1 });
  const [role] = await sql`
    select rolname as name, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as mighty,
      pg_has_role('chaverim_app', 'member') as "isMember", pg_has_role('alpr', 'member') as "isOwner"
    from pg_roles where rolname = session_user`;
  await sql.end();
  return role;
};

test("what the server logs in with owns nothing, and stays the same from one start to the next", async () => {
  const first = await openEmbedded(dataDir, "server");
  await first[Symbol.asyncDispose]();
  await using owner = await openEmbedded(dataDir, "server");
  const tools = await Promise.all(Array.from({ length: 4 }, () => openEmbedded(dataDir, "tool")));
  const passwords = [first, owner, ...tools].map(({ url }) => new URL(url).password);
  expect(new Set(passwords).size).toBe(1);
  expect(await loginOf(owner.url)).toEqual({ name: "alpr_app", mighty: false, isMember: true, isOwner: false });
  expect(await loginOf(owner.ownerUrl)).toMatchObject({ name: "alpr", mighty: true });
  expect(new URL(owner.ownerUrl).password).not.toBe(passwords[0]);
});

test("a login whose password file is gone gets a new password, and a file whose login is gone a new login", async () => {
  const first = await openEmbedded(dataDir, "server");
  await rm(join(dataDir, "postgres/app-password"));
  const tools = await Promise.all(Array.from({ length: 4 }, () => openEmbedded(dataDir, "tool")));
  expect(new Set(tools.map(({ url }) => url)).size).toBe(1);
  expect([await answers(first.url), await answers(tools[0]?.url ?? "")]).toEqual([false, true]);
  const sql = postgres(first.ownerUrl, { max: 1 });
  await sql`drop role alpr_app`;
  await sql.end();
  await first[Symbol.asyncDispose]();
  await using again = await openEmbedded(dataDir, "server");
  expect(await answers(again.url)).toBe(true);
});

/** Another process of ours that owns the database of `dataDir`; resolves with its first line. */
const anOwner = async (): Promise<{ child: ChildProcess; line: string }> => {
  const script = `import { openEmbedded } from ${JSON.stringify(new URL("./embedded.ts", import.meta.url).href)};
    const opened = await openEmbedded(${JSON.stringify(dataDir)}, "server").catch((error) => ({ error: error.name + ": " + error.message }));
    console.log(JSON.stringify(opened));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) =>
    child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  return { child, line };
};

test("what is private is private: the password files and the directory belong to their owner alone", async () => {
  await using _owner = await openEmbedded(dataDir, "server");
  expect((await stat(join(dataDir, "postgres/password"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, "postgres/app-password"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(dataDir, "postgres/cluster"))).mode & 0o777).toBe(0o700);
});

test("after closing, nothing runs and nothing but the data is left", async () => {
  const owner = await openEmbedded(dataDir, "server");
  await owner[Symbol.asyncDispose]();
  expect(await answers(owner.url)).toBe(false);
  expect((await readdir(join(dataDir, "postgres"))).toSorted()).toEqual([
    "app-password",
    "cluster",
    "password",
    "server.log",
  ]);
});

test("a second server on the same directory is refused in one sentence, and a killed one's database is adopted", async () => {
  const { child, line } = await anOwner();
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  await expect(openEmbedded(dataDir, "server")).rejects.toThrow(
    new EmbeddedError(
      `Another server (process ${child.pid}) already uses ${dataDir}: stop it first, or set DATA_DIR to another directory.`,
    ),
  );
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  expect(await answers(url)).toBe(true);
  const adopted = await openEmbedded(dataDir, "server");
  expect(adopted).toMatchObject({ owned: true, pid, url });
  await adopted[Symbol.asyncDispose]();
  expect(await answers(url)).toBe(false);
});

test("a command that started the database leaves it running for a server that has adopted it since", async () => {
  const tool = await openEmbedded(dataDir, "tool");
  expect(tool.owned).toBe(true);
  const { child, line } = await anOwner();
  expect(JSON.parse(line)).toMatchObject({ pid: tool.pid });
  await tool[Symbol.asyncDispose]();
  expect(await answers(tool.url)).toBe(true);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  await using _adopted = await openEmbedded(dataDir, "server");
});

test("a directory of which a part is missing is told in one sentence, and left as it is", async () => {
  const half = await mkdtemp(join(tmpdir(), "embedded-half-"));
  const first = await openEmbedded(half, "tool");
  await first[Symbol.asyncDispose]();
  await rm(join(half, "postgres/password"));
  const before = await readdir(join(half, "postgres"));
  await expect(openEmbedded(half, "server")).rejects.toThrow(
    /is incomplete \(its password file is missing\): restore it from a backup/,
  );
  await writeFile(join(half, "postgres/password"), "x");
  await rm(join(half, "postgres/cluster"), { recursive: true });
  await expect(openEmbedded(half, "server")).rejects.toThrow(/is incomplete \(its files are missing\)/);
  expect(before).toContain("cluster");
  await rm(half, { recursive: true });
});
