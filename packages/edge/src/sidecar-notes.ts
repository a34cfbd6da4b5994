/**
 * What the collector must remember beside its rows (central's keys, its own key after a rotation, which commands it has seen).
 * Rule: it survives a damaged database: one small file with a checksum, written whole, and a second copy among the rows.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { OWN_META_KEYS, type BufferRows } from "./buffer-rows.ts";
import { codeOf } from "./failure.ts";
import { sha256Of } from "./images.ts";

export type Notes = {
  get: (key: string) => string | null;
  /** Durable when it returns; throws what the disk throws. */
  set: (key: string, value: string) => void;
  /** Forgets, as durably, every note whose key begins so. */
  drop: (prefix: string) => void;
};

const FILE = "notes.json";
const notesSchema = z.record(z.string(), z.string());

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // Not there, or on a bad sector: the copy among the rows counts.
    if (codeOf(error) !== null) return null;
    throw error;
  }
};

/** The file's notes; null when there is none, or a byte of it is not what was written. */
const readNotes = (path: string): Map<string, string> | null => {
  const text = readText(path) ?? "";
  const checksum = text.split("\n", 1)[0] ?? "";
  const body = text.slice(checksum.length + 1);
  return body !== "" && sha256Of(body) === checksum
    ? new Map(Object.entries(notesSchema.parse(JSON.parse(body))))
    : null;
};

const syncPath = (path: string, flags: string, write: (descriptor: number) => void): void => {
  const descriptor = openSync(path, flags, 0o600);
  try {
    write(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Opens the notes; where the file cannot be read, those among the rows count. */
export const openNotes = (dataDir: string, withRows: <T>(work: (rows: BufferRows) => T) => T): Notes => {
  const path = join(dataDir, FILE);
  const amongRows = () =>
    withRows(({ statements }) =>
      statements.outerMeta.all(JSON.stringify(OWN_META_KEYS)).map(({ key, value }) => [key, value] as const),
    );
  const notes = readNotes(path) ?? new Map(amongRows());
  const save = () => {
    const body = JSON.stringify(Object.fromEntries(notes));
    const scratch = `${path}.new`;
    syncPath(scratch, "w", (descriptor) => writeFileSync(descriptor, `${sha256Of(body)}\n${body}`));
    renameSync(scratch, path);
    syncPath(dataDir, "r", () => undefined);
  };
  const set = (key: string, value: string) => {
    notes.set(key, value);
    withRows(({ statements }) => void statements.setMeta.run(key, value));
    save();
  };
  const drop = (prefix: string) => {
    for (const key of [...notes.keys()].filter((each) => each.startsWith(prefix))) {
      notes.delete(key);
      withRows(({ statements }) => void statements.dropMeta.run(key));
    }
    save();
  };
  if (notes.size > 0) {
    save();
    for (const [key, value] of notes) withRows(({ statements }) => void statements.setMeta.run(key, value));
  }
  return { get: (key) => notes.get(key) ?? null, set, drop };
};
