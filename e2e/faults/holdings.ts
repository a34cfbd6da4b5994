/**
 * What an evidence store holds, read past central: a folder's files, or an S3 server's objects.
 * Rule: objects are told by their SHA-256, and what is half done is told apart.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ObjectStore } from "../support/object-store.ts";

export type Holdings = {
  /** The SHA-256 of every object. */
  list: () => Promise<string[]>;
  /** Null when there is none. */
  read: (sha256: string) => Promise<Buffer | null>;
  /** Files of uploads that did not end, and files that central found damaged. */
  halfDone: () => string[];
};

const keyOf = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256}`;
const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

export const holdingsOfFolder = (dataDir: string): Holdings => {
  const evidence = join(dataDir, "evidence");
  const objects = join(evidence, "objects");
  return {
    list: async () =>
      readdirSync(objects, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    read: async (sha256) => {
      const path = join(objects, keyOf(sha256));
      return existsSync(path) ? readFileSync(path) : null;
    },
    halfDone: () => [...filesIn(join(evidence, "staging")), ...filesIn(join(evidence, "damaged"))],
  };
};

/** @param store its canary, with which central tries its locks at each start, is no evidence */
export const holdingsOfBucket = (store: ObjectStore, dataDir: () => string): Holdings => ({
  list: async () =>
    (await store.list()).filter((key) => !key.startsWith("canary/")).map((key) => key.split("/").at(-1) ?? ""),
  read: (sha256) => store.read(keyOf(sha256)),
  halfDone: () => filesIn(join(dataDir(), "spool")),
});
