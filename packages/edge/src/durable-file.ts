/**
 * Files that survive a power cut.
 * Rule: bytes are fsynced before the name appears, and the folder is fsynced before anybody is told.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

/** Makes the names in a folder durable. Without it a renamed file can be gone after a power cut. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Writes a file by way of `scratch` (on the same file system): nobody ever sees it half-written. Its bytes are durable, its
 * name is not before `syncFolder`: whoever writes several files into a folder pays for that once.
 * @param write puts the content into the open file
 * @throws what the file system throws (`ENOSPC`, `EIO`); then nothing is left behind
 */
export const writeWhole = async (
  scratch: string,
  folder: string,
  name: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> => {
  const temporary = join(scratch, randomUUID());
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

/** `writeWhole`, and the name is durable as well. */
export const writeDurably = async (
  scratch: string,
  folder: string,
  name: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> => {
  await writeWhole(scratch, folder, name, write);
  await syncFolder(folder);
};
