/**
 * What an evidence store promises, whichever of the two (filesystem.ts, s3.ts) keeps the bytes.
 * Rule: an object is named by the SHA-256 of its bytes, and once commit has resolved it is durable and is never overwritten.
 */
import type { Readable } from "node:stream";

/** Bytes that were received and hashed but are not evidence yet. */
export type StagedObject = {
  /** Lower-case hex. */
  sha256: string;
  bytes: number;
  /** The bytes begin with a JPEG header (FF D8 FF); nothing more of the picture is checked. */
  isJpeg: boolean;
  /** Where the bytes wait until they are committed or discarded. */
  path: string;
  /** Removes the bytes. May be called more than once, and after commit, when there is nothing left to remove. */
  discard(): Promise<void>;
};

/** Evidence: `versionId` names the locked version in an object store, null on a filesystem. Keep both. */
export type StoredObject = { sha256: string; versionId: string | null };

export type EvidenceStore = {
  kind: "filesystem" | "s3";
  /** True only after the object store has refused to delete a locked version; see docs/evidence-stores.md. */
  tamperResistant: boolean;
  /**
   * Streams to a temporary file and hashes on the way. When it throws, nothing is left behind and the source is destroyed.
   * @throws StageLimitError past `maxBytes`, DiskFullError, StoreUnavailableError, or the source's own error as it is
   */
  stage(source: AsyncIterable<Uint8Array> | Uint8Array, maxBytes: number): Promise<StagedObject>;
  /**
   * Makes staged bytes evidence, all of them or an error; durable when it resolves. Bytes that are held already are not
   * written again. The staged files are gone afterwards, also when it throws: whoever sent them still has them.
   * @returns one entry per staged object, in the same order
   * @throws DiskFullError, StoreUnavailableError
   */
  commit(staged: readonly StagedObject[]): Promise<StoredObject[]>;
  /**
   * The bytes as they lie in the store (not hashed again), or null when the store has none by that name.
   * @throws TypeError when `sha256` is not 64 characters of lower-case hex, StoreUnavailableError
   */
  read(sha256: string, versionId: string | null): Promise<Readable | null>;
  /** Free and total bytes where new evidence lands; null where that is not known. */
  space(): Promise<{ freeBytes: number; totalBytes: number } | null>;
  /** Resolves when the store can be reached; cheap enough for every /readyz. @throws StoreUnavailableError */
  check(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** More bytes came than the caller allows for one object. */
export class StageLimitError extends Error {
  override name = "StageLimitError";
  readonly maxBytes: number;
  constructor(maxBytes: number) {
    super(`The object is larger than ${maxBytes} bytes.`);
    this.maxBytes = maxBytes;
  }
}

/** There is no room for new evidence; what is stored stays readable. */
export class DiskFullError extends Error {
  override name = "DiskFullError";
}

/** The store cannot be reached or refuses to work; nothing that it was given counts as stored. */
export class StoreUnavailableError extends Error {
  override name = "StoreUnavailableError";
}

/**
 * Where an object lies below the store's root, in one of 256 folders: `ab/abcd…`. One level, because a commit makes every
 * folder that it touches durable: with `ab/cd/` a batch of 100 objects touched up to 200 folders and took twice as long.
 * @throws TypeError for anything but a SHA-256 in lower-case hex, so that no name can lead out of the store
 */
export const objectPath = (sha256: string): string => {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new TypeError("An evidence object is named by a SHA-256 in lower-case hex.");
  return `${sha256.slice(0, 2)}/${sha256}`;
};
