/**
 * Evidence in a directory: `objects/ab/<sha256>`, files that nobody may write, each put in place by a hard link.
 * Rule: an object's bytes, its name and the folders that lead to it are all on the disk before commit resolves.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, link, mkdir, open, readdir, rename, stat, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Log } from "../log.ts";
import { mapBounded } from "./map-bounded.ts";
import { onDisk, openStaging } from "./staging.ts";
import { objectPath } from "./store.ts";
import type { EvidenceStore, StagedObject, StoredObject } from "./store.ts";

export type FilesystemStoreOptions = {
  /** Created when missing. One server process at a time. */
  directory: string;
  log: Pick<Log, "error">;
};

/** Disk operations under way at once: enough to let the journal gather the flushes of a batch; more gained nothing. */
const PARALLEL = 16;
const FOLDER_MODE = 0o750;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/** Makes the names in a folder durable. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await onDisk(open(path, "r"));
  try {
    await onDisk(folder.sync());
  } finally {
    await onDisk(folder.close());
  }
};

/** Creates a folder and its missing ancestors, and makes every new name durable. */
const makeFolder = async (path: string): Promise<void> => {
  const firstCreated = await onDisk(mkdir(path, { recursive: true, mode: FOLDER_MODE }));
  if (firstCreated === undefined) return;
  for (let made = path; made.length >= firstCreated.length; made = dirname(made)) await syncFolder(dirname(made));
};

/** Says whether the file at `path` still has the bytes that its name promises. */
const isIntact = async (path: string, object: StagedObject): Promise<boolean> => {
  if ((await onDisk(stat(path))).size !== object.bytes) return false;
  const hash = createHash("sha256");
  await onDisk(pipeline(createReadStream(path), hash));
  return hash.digest("hex") === object.sha256;
};

/**
 * Opens the store in a directory; what was staged but never committed is removed.
 * @throws DiskFullError, StoreUnavailableError
 */
export const openFilesystemStore = async ({ directory, log }: FilesystemStoreOptions): Promise<EvidenceStore> => {
  const root = resolve(directory);
  const objects = join(root, "objects");
  const damaged = join(root, "damaged");
  await makeFolder(objects);
  await makeFolder(damaged);
  const present = new Set(await onDisk(readdir(objects)));
  const missing = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).filter(
    (name) => !present.has(name),
  );
  await mapBounded(missing, PARALLEL, (name) => onDisk(mkdir(join(objects, name), { mode: FOLDER_MODE })));
  await syncFolder(objects);
  // Open for as long as the store is: making the names of a batch durable touches most of them.
  const folders = new Map<string, FileHandle>();
  for (const name of await onDisk(readdir(objects))) folders.set(name, await onDisk(open(join(objects, name), "r")));
  const staging = await openStaging(join(root, "staging"), true);

  let repairs: Promise<unknown> = Promise.resolve();

  /** Replaces a damaged object by the good bytes that came again; the damaged ones are kept for whoever looks into it. */
  const repair = async (object: StagedObject, path: string): Promise<void> => {
    if (await isIntact(path, object)) return; // another commit was faster
    const kept = join(damaged, `${object.sha256}.${randomUUID()}`);
    await onDisk(link(path, kept));
    await syncFolder(damaged);
    await onDisk(rename(object.path, path));
    log.error(
      { sha256: object.sha256, kept },
      "an evidence file was damaged and has been restored from the collector's copy",
    );
  };

  const place = async (object: StagedObject): Promise<void> => {
    await staging.flush(object);
    const path = join(objects, objectPath(object.sha256));
    try {
      await link(object.path, path);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) await onDisk(Promise.reject(error));
      if (await isIntact(path, object)) return;
      const repaired = repairs.then(() => repair(object, path));
      repairs = repaired.catch(() => undefined);
      await repaired;
    }
  };

  const commit = async (staged: readonly StagedObject[]): Promise<StoredObject[]> => {
    try {
      await mapBounded(staged, PARALLEL, place);
      // Also for objects that were there already: another commit may have linked them and not have got this far.
      const touched = [...new Set(staged.map(({ sha256 }) => dirname(objectPath(sha256))))];
      await Promise.all([
        mapBounded(touched, PARALLEL, (name) => onDisk(folders.get(name)?.sync() ?? syncFolder(join(objects, name)))),
        mapBounded(staged, PARALLEL, (object) => object.discard()),
      ]);
    } catch (error) {
      await Promise.allSettled(staged.map((object) => object.discard()));
      throw error;
    }
    return staged.map(({ sha256 }) => ({ sha256, versionId: null }));
  };

  return {
    kind: "filesystem",
    tamperResistant: false,
    stage: staging.stage,
    commit,
    read: async (sha256) => {
      const path = join(objects, objectPath(sha256));
      try {
        return (await open(path, "r")).createReadStream();
      } catch (error) {
        if (hasCode(error, "ENOENT")) return null;
        return onDisk(Promise.reject(error));
      }
    },
    space: async () => {
      const { bavail, blocks, bsize } = await onDisk(statfs(objects));
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    check: async () => {
      await onDisk(access(join(root, "staging"), constants.W_OK));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...folders.values()].map((folder) => folder.close()));
      folders.clear();
    },
  };
};
