/**
 * The waiting room of both stores: bytes are hashed while they are written to a file of their own.
 * Rule: what lies here was never acknowledged, so it may be removed at any time and is removed when a store opens.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
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

export type Staging = {
  /** As EvidenceStore.stage says. */
  stage(source: Readable | Uint8Array, maxBytes: number): Promise<StagedObject>;
  /**
   * Resolves when the object's bytes are on the disk; for a staging opened with `keepOpen`, once an object.
   * @throws DiskFullError, StoreUnavailableError, also for an object that was not staged here or is discarded
   */
  flush(object: StagedObject): Promise<void>;
};

/**
 * Opens a directory for staged files and removes what an earlier run left in it.
 * @param keepOpen keep every file open until it is flushed or discarded. Flushes wait for the commit, where the file system's
 *   journal takes many at once: begun on arrival they made a whole batch no faster, and kept later files waiting for a thread.
 * @throws DiskFullError, StoreUnavailableError
 */
export const openStaging = async (directory: string, keepOpen: boolean): Promise<Staging> => {
  const openFiles = new WeakMap<StagedObject, FileHandle>();
  await onDisk(mkdir(directory, { recursive: true, mode: 0o750 }));
  for (const leftover of await onDisk(readdir(directory)))
    await onDisk(rm(join(directory, leftover), { force: true, recursive: true }));

  const stage = async (source: Readable | Uint8Array, maxBytes: number): Promise<StagedObject> => {
    const path = join(directory, randomUUID());
    const remove = () => onDisk(rm(path, { force: true }));
    const file = await onDisk(open(path, "wx", EVIDENCE_MODE));
    const hash = createHash("sha256");
    const head: number[] = [];
    let bytes = 0;
    try {
      // A Uint8Array is itself iterable, byte by byte: it is wrapped to be one chunk.
      for await (const chunk of source instanceof Uint8Array ? [source] : (source as AsyncIterable<Uint8Array>)) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw new StageLimitError(maxBytes);
        hash.update(chunk);
        if (head.length < 3) head.push(...chunk.subarray(0, 3 - head.length));
        await onDisk(file.writeFile(chunk));
      }
      if (!keepOpen) await onDisk(file.close());
    } catch (error) {
      await Promise.allSettled([file.close(), remove()]);
      throw error;
    }
    const object: StagedObject = {
      sha256: hash.digest("hex"),
      bytes,
      isJpeg: head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff,
      path,
      discard: async () => {
        const open = openFiles.get(object);
        openFiles.delete(object);
        if (open) await onDisk(open.close());
        await remove();
      },
    };
    if (keepOpen) openFiles.set(object, file);
    return object;
  };

  return {
    stage,
    flush: async (object) => {
      const file = openFiles.get(object);
      if (!file) throw new StoreUnavailableError("An object is committed once, to the store that staged it.");
      openFiles.delete(object);
      try {
        await onDisk(file.sync());
      } finally {
        await onDisk(file.close());
      }
    },
  };
};
