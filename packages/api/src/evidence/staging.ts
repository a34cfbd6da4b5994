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
   * Resolves when the object's bytes are on the disk (only with `flush`); the flush began while further objects were arriving.
   * @throws DiskFullError, StoreUnavailableError, also for an object that was not staged here
   */
  flushed(object: StagedObject): Promise<void>;
};

const flushAndClose = async (file: FileHandle, flush: boolean): Promise<void> => {
  try {
    if (flush) await onDisk(file.sync());
  } finally {
    await onDisk(file.close());
  }
};

/**
 * Opens a directory for staged files and removes what an earlier run left in it.
 * @param flush begin to flush every file as soon as it is complete (for a store whose objects are these very files)
 * @throws DiskFullError, StoreUnavailableError
 */
export const openStaging = async (directory: string, flush: boolean): Promise<Staging> => {
  const flushes = new WeakMap<StagedObject, Promise<void>>();
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
    } catch (error) {
      await Promise.allSettled([file.close(), remove()]);
      throw error;
    }
    const flushed = flushAndClose(file, flush);
    // Whoever commits sees the failure; a staged object that is only discarded must not end the process with it.
    flushed.catch(() => undefined);
    const object: StagedObject = {
      sha256: hash.digest("hex"),
      bytes,
      isJpeg: head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff,
      path,
      discard: async () => {
        await Promise.allSettled([flushed]);
        await remove();
      },
    };
    flushes.set(object, flushed);
    return object;
  };

  return {
    stage,
    flushed: async (object) => {
      const flushed = flushes.get(object);
      if (!flushed) throw new StoreUnavailableError("An object is committed to the store that staged it.");
      await flushed;
    },
  };
};
