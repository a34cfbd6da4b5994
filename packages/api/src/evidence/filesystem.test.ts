/** The filesystem store: the common contract, and what it promises of its files, of damage and of a full disk. */
import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { openFilesystemStore } from "./filesystem.ts";
import { DiskFullError, objectPath, StoreUnavailableError, type EvidenceStore } from "./store.ts";
import { commitOne, readAll, testStoreContract } from "./testing/store-contract.ts";

const run = promisify(execFile);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let directory: string;
let store: EvidenceStore;
const errors: string[] = [];
const log = { error: (_: object, message: string) => void errors.push(message) };
const fileOf = (name: string) => join(directory, "objects", objectPath(name));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evidence-"));
  store = await openFilesystemStore({ directory, log });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe("the contract", () => {
  testStoreContract(() => ({ store, stagingDirectory: join(directory, "staging") }));
});

test("an object lies in the folder of its first two characters and nobody may write it", async () => {
  const { sha256: name, versionId } = await commitOne(store, randomBytes(100));
  expect(versionId).toBeNull();
  const { mode, nlink } = await stat(join(directory, "objects", name.slice(0, 2), name));
  expect(mode & 0o222).toBe(0);
  expect(nlink).toBe(1);
});

/** Larger than what waits in memory: it goes to a file while it comes. */
const LARGE = 2 * 1024 * 1024;

test("small objects wait in memory and reach the disk with their commit; large ones go to a file while they come", async () => {
  const small = await store.stage(randomBytes(1000), 1000);
  expect(await readdir(join(directory, "staging"))).toEqual([]);
  const large = await store.stage(randomBytes(LARGE), LARGE);
  expect(await readdir(join(directory, "staging"))).toHaveLength(1);
  await store.commit([small, large]);
  expect(await readdir(join(directory, "staging"))).toEqual([]);
});

test("an existing object is left alone, not written again", async () => {
  const bytes = randomBytes(5000);
  const { sha256: name } = await commitOne(store, bytes);
  const longAgo = new Date("2024-02-03T04:05:06Z");
  await utimes(fileOf(name), longAgo, longAgo);
  const before = await stat(fileOf(name));
  await commitOne(store, bytes);
  expect(await stat(fileOf(name))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test.each([
  ["cut short", (bytes: Buffer) => bytes.subarray(0, 100)],
  ["emptied", () => Buffer.of()],
  [
    "changed in one byte",
    (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]),
  ],
])(
  "a stored file that was %s is not trusted: the bytes that come again take its place and the damaged ones are kept",
  async (_, damage) => {
    const bytes = randomBytes(5000);
    const damaged = damage(bytes);
    const { sha256: name } = await commitOne(store, bytes);
    await rm(fileOf(name));
    await writeFile(fileOf(name), damaged);
    errors.length = 0;
    await Promise.all(Array.from({ length: 5 }, () => commitOne(store, bytes)));
    expect((await readAll(store, name))?.equals(bytes)).toBe(true);
    const kept = (await readdir(join(directory, "damaged"))).filter((file) => file.startsWith(name));
    expect(kept).toHaveLength(1);
    expect((await readFile(join(directory, "damaged", kept[0] ?? ""))).equals(damaged)).toBe(true);
    expect(errors).toHaveLength(1);
  },
);

test("opening removes what was staged and never acknowledged, and keeps what was committed", async () => {
  const own = await mkdtemp(join(tmpdir(), "evidence-"));
  const first = await openFilesystemStore({ directory: own, log });
  const { sha256: name } = await commitOne(first, Buffer.from("kept"));
  const abandoned = await first.stage(randomBytes(LARGE), LARGE);
  expect(await readdir(join(own, "staging"))).toHaveLength(1);
  const second = await openFilesystemStore({ directory: own, log });
  expect(await readdir(join(own, "staging"))).toEqual([]);
  expect((await readAll(second, name))?.toString()).toBe("kept");
  await abandoned.discard();
  await rm(own, { recursive: true });
});

test("space tells how much is free of how much", async () => {
  const space = await store.space();
  expect(space?.freeBytes).toBeGreaterThan(0);
  expect(space?.totalBytes).toBeGreaterThan(space?.freeBytes ?? Infinity);
});

test("a store whose directory has gone says that it is unavailable, everywhere", async () => {
  const own = await mkdtemp(join(tmpdir(), "evidence-"));
  const lost = await openFilesystemStore({ directory: own, log });
  const object = await lost.stage(randomBytes(LARGE), LARGE);
  const inMemory = await lost.stage(randomBytes(100), 100);
  await rename(own, `${own}-away`);
  await expect(lost.check()).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(lost.space()).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(lost.stage(randomBytes(LARGE), LARGE)).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(lost.commit([inMemory])).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(lost.commit([object])).rejects.toBeInstanceOf(StoreUnavailableError);
  await rename(`${own}-away`, own);
  await expect(lost.check()).resolves.toBeUndefined();
  await rm(own, { recursive: true });
});

const isRoot = process.getuid?.() === 0;

test.skipIf(isRoot)("a directory that may not be written is unavailable (cannot be seen as root)", async () => {
  const own = await mkdtemp(join(tmpdir(), "evidence-"));
  const closed = await openFilesystemStore({ directory: own, log });
  await chmod(join(own, "staging"), 0o500);
  await expect(closed.check()).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(closed.stage(randomBytes(LARGE), LARGE)).rejects.toBeInstanceOf(StoreUnavailableError);
  await chmod(join(own, "staging"), 0o700);
  await rm(own, { recursive: true });
});

describe("on a disk of 4 MB", () => {
  // A real small disk needs the right to mount one; elsewhere this is proved by the fault experiments.
  let mounted = false;
  let small: string;
  beforeAll(async () => {
    small = await mkdtemp(join(tmpdir(), "evidence-small-"));
    if (!isRoot) return;
    mounted = await run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", small]).then(
      () => true,
      () => false,
    );
  });
  afterAll(async () => {
    if (mounted) await run("umount", [small]);
    await rm(small, { recursive: true, force: true });
  });

  test("a full disk is told as such, leaves nothing behind, keeps what is stored readable and recovers by itself", async ({
    skip,
  }) => {
    skip(!mounted, "mounting a tmpfs is not allowed here");
    await using full = await openFilesystemStore({ directory: join(small, "store"), log });
    const { sha256: name } = await commitOne(full, Buffer.from("stored before"));
    await mkdir(join(small, "other"));
    await writeFile(join(small, "other", "filler"), randomBytes(3 * 1024 * 1024));
    await expect(full.stage(randomBytes(2 * 1024 * 1024), 8_000_000)).rejects.toBeInstanceOf(DiskFullError);
    expect(await readdir(join(small, "store", "staging"))).toEqual([]);
    expect((await readAll(full, name))?.toString()).toBe("stored before");
    await rm(join(small, "other", "filler"));
    const bytes = randomBytes(2 * 1024 * 1024);
    await commitOne(full, bytes);
    expect((await readAll(full, sha256(bytes)))?.equals(bytes)).toBe(true);
  });
});

test("kill -9 in the middle of commits loses no acknowledged object", { timeout: 60_000 }, async () => {
  const own = await mkdtemp(join(tmpdir(), "evidence-killed-"));
  let acknowledged = 0;
  for (let round = 0; round < 6; round++) {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("testing/commit-until-killed.ts", import.meta.url)), own],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const printed = text(child.stdout);
    await Promise.race([new Promise((begun) => child.stdout.once("readable", begun)), sleep(15_000)]);
    // A different moment of the work each round.
    await sleep(20 + round * 37);
    child.kill("SIGKILL");
    const names = (await printed).split("\n").slice(0, -1);
    for (const name of names) expect(sha256(await readFile(join(own, "objects", objectPath(name))))).toBe(name);
    acknowledged += names.length;
  }
  expect(acknowledged).toBeGreaterThan(100);
  // What a killed process had not acknowledged is whole or absent, never a part under a name.
  await openFilesystemStore({ directory: own, log: silentLog });
  expect(await readdir(join(own, "staging"))).toEqual([]);
  const entries = await readdir(join(own, "objects"), { recursive: true, withFileTypes: true });
  for (const file of entries.filter((entry) => entry.isFile())) {
    expect(sha256(await readFile(join(file.parentPath, file.name)))).toBe(file.name);
  }
  await rm(own, { recursive: true });
});
