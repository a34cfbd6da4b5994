/**
 * The images of the buffer as files, named by what is in them and sealed with the device's key.
 * Rule: an image is durable under its hash before a row names it, and its bytes are checked whenever they are read.
 */
import { createHash } from "node:crypto";
import { existsSync, rmSync, statSync } from "node:fs";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeDurably } from "./durable-file.ts";
import { codeOf } from "./failure.ts";
import type { Vault } from "./vault.ts";

export type ImageStore = {
  /** Stores bytes durably; returns their SHA-256 in hex. Throws what the disk throws. */
  put: (bytes: Buffer) => Promise<string>;
  /** Bytes by their hash; null when the file is gone or no longer holds what was stored. */
  read: (sha256: string) => Promise<Buffer | null>;
  /** Says whether there is a file of this hash; not whether its bytes are right. */
  has: (sha256: string) => boolean;
  /** Removes a file at once, in the same turn as the caller's transaction. */
  remove: (sha256: string) => void;
};

/**
 * Gives the memory of bytes back at once. The garbage collector lets tens of megabytes of pictures lie before it looks at them: it
 * counts its own heap. Only for whoever is the last to use them; afterwards they are empty.
 */
export const release = (bytes: Buffer): void => {
  const { buffer } = bytes;
  // Small ones are slices of a buffer that they share with others.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0);
};

export const sha256Of = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const readIfThere = async (path: string): Promise<Buffer | null> => {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
};

/** Opens the store; what an interrupted write left behind is cleared away. */
export const openImageStore = async (dataDir: string, vault: Vault): Promise<ImageStore> => {
  const root = join(dataDir, "images");
  const scratch = join(dataDir, "images-scratch");
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await mkdir(root, { recursive: true, mode: 0o700 });
  // A week at one reading a second is 600,000 files; 256 folders keep each listing small, and made now they are durable.
  const existing = new Set(await readdir(root));
  for (let shard = 0; shard < 256; shard++) {
    const name = shard.toString(16).padStart(2, "0");
    if (!existing.has(name)) await mkdir(join(root, name), { mode: 0o700 });
  }
  await syncFolder(root);
  await syncFolder(dataDir);

  const folderOf = (sha256: string) => join(root, sha256.slice(0, 2));
  const nameOf = (sha256: string) => `${sha256}.sealed`;
  const pathOf = (sha256: string) => join(folderOf(sha256), nameOf(sha256));
  /** Where version 0.1 kept an image as it came. */
  const plainPathOf = (sha256: string) => join(folderOf(sha256), `${sha256}.jpg`);

  return {
    put: async (bytes) => {
      const sha256 = sha256Of(bytes);
      const sealed = vault.seal("image", bytes, sha256);
      const stored = statSync(pathOf(sha256), { throwIfNoEntry: false });
      // The name appears only when the bytes are durable; that the name is durable too, this caller must still see to.
      if (stored?.size === sealed.length) await syncFolder(folderOf(sha256));
      else await writeDurably(scratch, folderOf(sha256), nameOf(sha256), (file) => file.writeFile(sealed));
      release(sealed);
      return sha256;
    },
    read: async (sha256) => {
      const sealed = await readIfThere(pathOf(sha256));
      const bytes = sealed === null ? await readIfThere(plainPathOf(sha256)) : vault.unseal("image", sealed, sha256);
      if (sealed !== null) release(sealed);
      return bytes !== null && sha256Of(bytes) === sha256 ? bytes : null;
    },
    has: (sha256) => existsSync(pathOf(sha256)) || existsSync(plainPathOf(sha256)),
    remove: (sha256) => {
      rmSync(pathOf(sha256), { force: true });
      rmSync(plainPathOf(sha256), { force: true });
    },
  };
};
