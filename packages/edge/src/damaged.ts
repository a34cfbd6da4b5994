/**
 * Databases that were found damaged: set aside, for whoever wants to look at them.
 * Rule: the newest always stays, and all together have a bound; what a detection needs is in its sidecar.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const FOLDER = "damaged";
/** Some 160,000 rows: a card that wears out makes one after the other, and images need the room. */
const KEPT_BYTES = 256 * 1024 * 1024;

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

/** Removes the oldest until the others have no more than so many bytes. */
const trim = (parent: string, keptBytes: number): void => {
  let bytes = 0;
  // Named by their time, which has as many digits until 2286.
  for (const [age, name] of readdirSync(parent).toSorted().toReversed().entries()) {
    bytes += bytesIn(join(parent, name));
    if (age > 0 && bytes > keptBytes) rmSync(join(parent, name), { recursive: true });
  }
};

/** Moves a damaged file out of the way, with what SQLite keeps beside it; the oldest that lie there go when it is too much. */
export const setAside = (dataDir: string, name: string, nowMs: number, keptBytes = KEPT_BYTES): string => {
  const parent = join(dataDir, FOLDER);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(parent, `${name}-${Math.round(nowMs)}-`));
  for (const suffix of ["", "-wal", "-shm"]) {
    const path = join(dataDir, name + suffix);
    if (existsSync(path)) renameSync(path, join(folder, name + suffix));
  }
  trim(parent, keptBytes);
  return folder;
};

/** How many bytes lie there: counted anew when the folder has changed, for each detection that is added asks. */
export const createDamagedBytes = (dataDir: string): (() => number) => {
  const parent = join(dataDir, FOLDER);
  let counted = { changedMs: 0, bytes: 0 };
  return () => {
    const changedMs = statSync(parent, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (changedMs !== counted.changedMs) {
      counted = { changedMs, bytes: readdirSync(parent).reduce((sum, name) => sum + bytesIn(join(parent, name)), 0) };
    }
    return counted.bytes;
  };
};
