/**
 * The contract that every evidence store keeps, as one suite for all of them.
 * Rule: a store's own test adds what only it promises; what both promise is tested here.
 */
import { createHash, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { StageLimitError, type EvidenceStore } from "../store.ts";

const LIMIT = 64 * 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What a test needs to look at a store from outside. */
export type OpenedStore = {
  store: EvidenceStore;
  /** Where bytes wait before they are committed. */
  stagingDirectory: string;
};

/** Commits one object and returns its name and version. */
export const commitOne = async (store: EvidenceStore, bytes: Uint8Array) => {
  const [stored] = await store.commit([await store.stage(bytes, LIMIT)]);
  if (!stored) throw new Error("commit returned no entry");
  return stored;
};

/** Reads an object whole; null when the store has none. */
export const readAll = async (store: EvidenceStore, name: string, versionId: string | null = null) => {
  const stream = await store.read(name, versionId);
  return stream && (await buffer(stream));
};

/**
 * Declares the contract's tests.
 * @param opened gives the store under test, the same one for every test
 */
export const testStoreContract = (opened: () => OpenedStore): void => {
  const staged = () => readdir(opened().stagingDirectory);

  test.each([
    ["empty", 0],
    ["one byte long", 1],
    ["as large as a plate crop", 20 * 1024],
    ["larger than any image", 20 * 1024 * 1024 + 1],
  ])("an object that is %s comes back byte for byte", async (_, size) => {
    const { store } = opened();
    const bytes = randomBytes(size);
    const stored = await commitOne(store, bytes);
    expect(stored.sha256).toBe(sha256(bytes));
    expect((await readAll(store, stored.sha256, stored.versionId))?.equals(bytes)).toBe(true);
    expect(await staged()).toEqual([]);
  });

  test("a stream of many chunks is hashed and counted as one object, and a JPEG header is recognised across chunks", async () => {
    const { store } = opened();
    const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(5000)]);
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2, 700), bytes.subarray(700)];
    const object = await store.stage(Readable.from(pieces), LIMIT);
    expect(object).toMatchObject({ sha256: sha256(bytes), bytes: bytes.length, isJpeg: true });
    await store.commit([object]);
    expect((await readAll(store, object.sha256))?.equals(bytes)).toBe(true);
  });

  test.each([
    ["no bytes", []],
    ["the first two bytes of a JPEG", [0xff, 0xd8]],
    ["a PNG", [0x89, 0x50, 0x4e, 0x47]],
  ])("%s are not taken for a JPEG", async (_, bytes) => {
    const object = await opened().store.stage(Uint8Array.from(bytes), LIMIT);
    expect(object.isJpeg).toBe(false);
    await object.discard();
  });

  test("an object of exactly the limit is taken, and one byte more is refused and leaves nothing", async () => {
    const { store } = opened();
    const object = await store.stage(randomBytes(1000), 1000);
    await object.discard();
    const source = Readable.from([randomBytes(600), randomBytes(401), randomBytes(1)]);
    await expect(store.stage(source, 1000)).rejects.toBeInstanceOf(StageLimitError);
    expect(source.destroyed).toBe(true);
    expect(await staged()).toEqual([]);
  });

  test("a source that breaks off leaves nothing and its own error reaches the caller", async () => {
    const cut = new Error("the connection was cut");
    const source = Readable.from(
      (function* () {
        yield randomBytes(100);
        throw cut;
      })(),
    );
    await expect(opened().store.stage(source, LIMIT)).rejects.toBe(cut);
    expect(await staged()).toEqual([]);
  });

  test("a discarded object is gone, may be discarded again and was never evidence", async () => {
    const { store } = opened();
    const object = await store.stage(randomBytes(100), LIMIT);
    await object.discard();
    await object.discard();
    expect(await staged()).toEqual([]);
    expect(await store.read(object.sha256, null)).toBeNull();
  });

  test("what is staged cannot be read before it is committed", async () => {
    const { store } = opened();
    const object = await store.stage(randomBytes(100), LIMIT);
    expect(await store.read(object.sha256, null)).toBeNull();
    await object.discard();
  });

  test("committing the same bytes again gives the same object", async () => {
    const { store } = opened();
    const bytes = randomBytes(3000);
    const first = await commitOne(store, bytes);
    expect(await commitOne(store, bytes)).toEqual(first);
    expect((await readAll(store, first.sha256, first.versionId))?.equals(bytes)).toBe(true);
    expect(await staged()).toEqual([]);
  });

  test("the same bytes twice in one commit and in ten commits at once are one object", async () => {
    const { store } = opened();
    const bytes = randomBytes(50_000);
    const batches = await Promise.all(
      Array.from({ length: 10 }, async () =>
        store.commit([await store.stage(bytes, LIMIT), await store.stage(bytes, LIMIT)]),
      ),
    );
    expect(new Set(batches.flat().map(({ sha256: name, versionId }) => `${name} ${versionId}`)).size).toBe(1);
    expect((await readAll(store, sha256(bytes)))?.equals(bytes)).toBe(true);
    expect(await staged()).toEqual([]);
  });

  test("a hundred objects are committed together, in order and each with its own bytes", async () => {
    const { store } = opened();
    const objects = Array.from({ length: 100 }, (_, index) => randomBytes(index % 2 === 0 ? 80_000 : 20_000));
    const stored = await store.commit(
      await Promise.all(objects.map((bytes) => store.stage(Readable.from([bytes]), LIMIT))),
    );
    expect(stored.map((object) => object.sha256)).toEqual(objects.map(sha256));
    for (const [index, { sha256: name, versionId }] of stored.entries()) {
      expect((await readAll(store, name, versionId))?.equals(objects[index] ?? Buffer.of())).toBe(true);
    }
    expect(await staged()).toEqual([]);
  });

  test("a commit of nothing is nothing", async () => {
    expect(await opened().store.commit([])).toEqual([]);
  });

  test("a commit of an object that is no longer staged fails and stores nothing", async () => {
    const { store } = opened();
    const object = await store.stage(randomBytes(100), LIMIT);
    await object.discard();
    await expect(store.commit([object])).rejects.toMatchObject({ name: "StoreUnavailableError" });
    expect(await store.read(object.sha256, null)).toBeNull();
  });

  test("an unknown object is null", async () => {
    expect(await opened().store.read(sha256(randomBytes(8)), null)).toBeNull();
  });

  test.each([
    "../../../../etc/passwd",
    "..",
    "",
    "ab",
    "A".repeat(64),
    `${"a".repeat(63)}/`,
    `${"a".repeat(64)}\n`,
    `${"a".repeat(64)}/../x`,
  ])("%j is refused as a name", async (name) => {
    await expect(opened().store.read(name, null)).rejects.toBeInstanceOf(TypeError);
  });

  test("a store that works says so", async () => {
    await expect(opened().store.check()).resolves.toBeUndefined();
  });
};
