/**
 * The waiting room of both stores: bytes are hashed as they come and wait in memory or in a file of their own.
 * Rule: what lies here was never acknowledged, so it may be removed at any time and is removed when a store opens.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { DiskFullError, StageLimitError, StoreUnavailableError } from "./store.ts";
import type { StagedObject } from "./store.ts";

/** Evidence is read by its owner and group and written by nobody. */
const EVIDENCE_MODE = 0o440;

/** Runs a disk operation and turns what the system refuses into the store's errors; the system's own is the cause. */
export const onDisk = async <T>(operation: Promise<T>): Promise<T> => {
  try {
    return await operation;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new DiskFullError(`The evidence disk is full (${code}).`, { cause });
    throw new StoreUnavailableError(`The evidence disk does not work (${code}).`, { cause });
  }
};

/** A staged file may have become the object itself, or gone with another opening of the store. */
const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "ENOENT") throw error;
};

export type Staging = {
  /** As EvidenceStore.stage says. */
  stage(source: AsyncIterable<Uint8Array> | Uint8Array, maxBytes: number): Promise<StagedObject>;
  /**
   * Resolves when the object's bytes are on the disk; for a staging opened `lazily`, once an object.
   * @throws DiskFullError, StoreUnavailableError, also for an object that was not staged here or is discarded
   */
  flush(object: StagedObject): Promise<void>;
};

/** Objects up to this size wait in memory: a full scene is 50 to 80 KB and seldom more. */
const SMALL_BYTES = 1024 * 1024;
/** All staged objects together hold no more memory than this, however many uploads run; what is beyond goes to a file at once. */
const MEMORY_BYTES = 48 * 1024 * 1024;

/** Bytes on their way: in memory until they are too many, then in a file that stays open; `isOnDisk` while the file is there. */
type Waiting = { chunks: Uint8Array[]; held: number; file: FileHandle | null; isOnDisk: boolean };

/**
 * Opens a directory for staged files and removes what an earlier run left in it.
 * @param lazily write small objects only when they are flushed, and keep larger ones open until then. Waiting for the disk
 *   between the parts of a body made a batch of 100 images take twice as long (docs/benchmarks.md).
 * @throws DiskFullError, StoreUnavailableError
 */
export const openStaging = async (directory: string, lazily: boolean): Promise<Staging> => {
  const waiting = new WeakMap<StagedObject, Waiting>();
  let memory = 0;
  await onDisk(mkdir(directory, { recursive: true, mode: 0o750 }));
  for (const leftover of await onDisk(readdir(directory)))
    await onDisk(rm(join(directory, leftover), { force: true, recursive: true }));

  const release = (bytes: Waiting): void => {
    memory -= bytes.held;
    bytes.held = 0;
    bytes.chunks = [];
  };

  /** Brings what is in memory to the object's file. */
  const spill = async (path: string, bytes: Waiting): Promise<FileHandle> => {
    bytes.file ??= await onDisk(open(path, "wx", EVIDENCE_MODE));
    bytes.isOnDisk = true;
    if (bytes.chunks.length > 0) await onDisk(bytes.file.writev(bytes.chunks));
    release(bytes);
    return bytes.file;
  };

  const keep = async (path: string, bytes: Waiting, chunk: Uint8Array): Promise<void> => {
    const fits = lazily && bytes.file === null && bytes.held + chunk.byteLength <= SMALL_BYTES;
    if (fits && memory + chunk.byteLength <= MEMORY_BYTES) {
      bytes.chunks.push(chunk);
      bytes.held += chunk.byteLength;
      memory += chunk.byteLength;
      return;
    }
    const file = await spill(path, bytes);
    await onDisk(file.writeFile(chunk));
  };

  const drop = async (path: string, bytes: Waiting): Promise<void> => {
    release(bytes);
    const { file, isOnDisk } = bytes;
    bytes.file = null;
    bytes.isOnDisk = false;
    await file?.close();
    // Not rm: it looks first, on the main thread, and a batch drops a hundred.
    if (isOnDisk) await onDisk(unlink(path).catch(ignoreMissing));
  };

  const stage = async (source: AsyncIterable<Uint8Array> | Uint8Array, maxBytes: number): Promise<StagedObject> => {
    const path = join(directory, randomUUID());
    const bytes: Waiting = { chunks: [], held: 0, file: null, isOnDisk: false };
    const hash = createHash("sha256");
    const head: number[] = [];
    let length = 0;
    try {
      // A Uint8Array is itself iterable, byte by byte: it is wrapped to be one chunk.
      for await (const chunk of source instanceof Uint8Array ? [source] : source) {
        length += chunk.byteLength;
        if (length > maxBytes) throw new StageLimitError(maxBytes);
        hash.update(chunk);
        if (head.length < 3) head.push(...chunk.subarray(0, 3 - head.length));
        await keep(path, bytes, chunk);
      }
      if (!lazily) {
        await (await spill(path, bytes)).close();
        bytes.file = null;
      }
    } catch (error) {
      await Promise.allSettled([drop(path, bytes)]);
      throw error;
    }
    const object: StagedObject = {
      sha256: hash.digest("hex"),
      bytes: length,
      isJpeg: head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff,
      path,
      discard: () => {
        waiting.delete(object);
        return drop(path, bytes);
      },
    };
    if (lazily) waiting.set(object, bytes);
    return object;
  };

  return {
    stage,
    flush: async (object) => {
      const bytes = waiting.get(object);
      if (!bytes) throw new StoreUnavailableError("An object is committed once, to the store that staged it.");
      waiting.delete(object);
      try {
        const file = await spill(object.path, bytes);
        await onDisk(file.sync());
      } finally {
        release(bytes);
        await bytes.file?.close();
        bytes.file = null;
      }
    },
  };
};
