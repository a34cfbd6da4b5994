/**
 * The mark: a count in the database, and a note of it beside the database. A count below the note is a database that came
 * back from an older backup.
 * Rule: the count is committed before the note is written, so that a crash between the two is no restore.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "@chaverim/db/open";
import * as z from "zod";
import type { Log } from "../log.ts";
import { beginEpoch, readEpoch } from "./central-epoch.ts";

const NOTE = "mark.json";
const noteSchema = z.object({ epoch: z.int(), marks: z.int() });
type Note = z.infer<typeof noteSchema>;

/** Null when there is none: a new installation, or keys and database on a new machine; and when the disk made something else of it. */
const readNote = async (path: string): Promise<Note | null> => {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code !== "ENOENT" &&
      !(error instanceof SyntaxError || error instanceof z.ZodError)
    )
      throw error;
    return null;
  }
};

/** Replaced as a whole. */
const writeNote = async (path: string, note: Note): Promise<void> => {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, JSON.stringify(note), { mode: 0o600, flush: true });
  await rename(unfinished, path);
};

/** Says whether what the database counts is from before what was noted of it. */
const isOlderCopy = (note: Note | null, held: Note): boolean =>
  // A database with marks and no note of them was brought here from elsewhere: what it missed since, nobody here knows.
  note === null ? held.marks > 0 : held.epoch < note.epoch || (held.epoch === note.epoch && held.marks < note.marks);

/** Counts one more and notes it; begins an epoch when the database is an older copy of itself. */
export const noteMark = async (sql: Sql, dataDir: string, log: Pick<Log, "warn">): Promise<void> => {
  const path = join(dataDir, NOTE);
  const note = await readNote(path);
  const now = await sql.begin(async (transaction) => {
    const [counted] = await transaction<{ marks: number }[]>`
      update central_marks set marks = marks + 1 returning marks::float8 as marks`;
    const marks = counted?.marks ?? 1;
    const before = await readEpoch(transaction);
    if (!isOlderCopy(note, { epoch: before, marks: marks - 1 })) return { epoch: before, marks };
    const epoch = Math.max(before, note?.epoch ?? 0) + 1;
    await beginEpoch(transaction, epoch, before);
    log.warn({ epoch, before }, "the database came back from a backup; collectors are asked for what it does not hold");
    return { epoch, marks };
  });
  // A full disk: the note from before holds as well, and central serves on.
  await writeNote(path, now).catch((error: unknown) => log.warn({ error }, "the mark could not be noted"));
};
