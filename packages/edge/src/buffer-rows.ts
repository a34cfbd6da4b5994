/**
 * The rows of the buffer in SQLite: its tables, its statements, and what tells a damaged file from a whole one.
 * Rule: every call is one transaction that is durable when it returns; what cannot be read as written is `isDamage`.
 *
 * `seq` numbers the rows of this buffer for as long as it lives. A payload's own `seq` counts within its epoch: it is the
 * row's minus the `base` of the epoch.
 */
import { statSync } from "node:fs";
import { IMAGE_ROLES, type ImageRole, type SACRIFICES } from "@chaverim/contracts";
import Database from "better-sqlite3";
import * as z from "zod/mini";
import { beginCounting, migrate } from "./buffer-tables.ts";
import { FatalError, codeOf, reasonOf } from "./failure.ts";
import { sha256Of } from "./images.ts";

/**
 * The whole file is checked at a start when that takes about a second on a Raspberry Pi: 64 MB is some 40,000 rows. In a
 * larger one damage is found when a page is read, and each row is checked against its hash and signature before it is sent.
 */
const CHECK_BYTES_MAX = 64 * 1024 * 1024;

/** Noted while rows are still to come back from their sidecars. */
export const RESTORE_KEY = "restore";
/** The last row, when it is gone and its sidecar is not. */
export const KEPT_HEAD_KEY = "keptHead";
/** Images whose rows are gone and whose files may not be yet. */
export const GOING_KEY = "goingImages";
/** Noted while rows below a number are to be sent again, whatever central acknowledged. */
export const DOUBTED_KEY = "doubtedBelow";
/** What `meta` holds of the rows themselves. */
export const OWN_META_KEYS: readonly string[] = [
  "epoch",
  "lastSeq",
  "head",
  "imageBytes",
  RESTORE_KEY,
  KEPT_HEAD_KEY,
  DOUBTED_KEY,
  GOING_KEY,
];

export type Lane = "metadata" | "images";
export type StoredImage = { role: ImageRole; sha256: string; bytes: number };
export type RowImage = StoredImage & { due: number; lost: number };

/** A row as `add` makes it. */
export type NewRow = {
  seq: number;
  id: string;
  cameraId: string;
  source: string;
  payload: string;
  sha256: string;
  signature: string;
  checksum: string;
  bytes: number;
  createdAt: number;
};
export type FoundRow = {
  seq: number;
  id: string;
  payload: string;
  sha256: string;
  signature: string | null;
  /** `checksumOf`; null in a row of version 0.1. */
  checksum: string | null;
  tries: number;
};
export type Epoch = { epoch: number; base: number };
/** An image on the disk, with its row's payload for the time of its capture. */
export type KeptImage = StoredImage & { seq: number; payload: string; createdAt: number };

/** Says whether an error means that the file itself is damaged, and not that the disk is full or busy. */
export const isDamage = (error: unknown): boolean => {
  const code = codeOf(error);
  // Pages that the disk does not read will not come back by trying: without these the collector would start over and over.
  const codes = [
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_IOERR_SHORT_READ",
    "SQLITE_IOERR_READ",
    "SQLITE_IOERR_CORRUPTFS",
    "SQLITE_FORMAT",
  ];
  return code !== null && codes.some((prefix) => code.startsWith(prefix));
};

/** Of everything that is sent of a row, and nothing that changes. */
export const checksumOf = (row: { id: string; payload: string; signature: string | null }): string =>
  sha256Of([row.id, row.signature, row.payload].join("\n"));

/** What `isDamage` knows, for damage that SQLite itself does not see. */
export const damage = (reason: string): Error => Object.assign(new Error(reason), { code: "SQLITE_CORRUPT" });

/**
 * What a payload says about its own row. It was a whole detection when it was written, and its checksum says whether it is
 * still that: to check it all over again would cost a draining collector more than everything else.
 */
const saidSchema = z.object({
  id: z.string(),
  cameraId: z.string(),
  capturedAt: z.string(),
  epoch: z.number(),
  seq: z.number(),
  nonce: z.optional(z.nullable(z.string())),
  images: z.array(z.object({ role: z.enum(IMAGE_ROLES), sha256: z.string(), bytes: z.number() })),
});
export type Said = z.infer<typeof saidSchema>;

/** Reads what a payload says about its own row; null when the disk made something else of it. */
export const readSaid = (payload: string): Said | null => {
  try {
    return saidSchema.safeParse(JSON.parse(payload)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const openDatabase = (path: string): Database.Database => {
  const database = new Database(path, { timeout: 2_000 });
  try {
    // One process owns the buffer: a second one would number the same rows.
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    // With NORMAL a power cut takes the last commits with it: 1,017 acknowledged rows in 16 cuts, with FULL none.
    database.pragma("synchronous = FULL");
    // A drain goes through each row once: what it read a moment ago is not asked for again. The library would keep 16 MB of it.
    database.pragma("cache_size = -2048");
    if (statSync(path).size <= CHECK_BYTES_MAX) {
      const verdict = database.pragma("integrity_check(1)", { simple: true });
      if (verdict !== "ok") throw damage(String(verdict));
    }
    database.transaction(migrate).immediate(database);
    beginCounting(database);
    return database;
  } catch (error) {
    database.close();
    // A table or a column that is gone or has another name: every statement here fits the tables above.
    if (codeOf(error) === "SQLITE_ERROR") throw damage(reasonOf(error));
    if (codeOf(error) !== "SQLITE_BUSY") throw error;
    throw new FatalError(`${path} is in use: another collector runs with the same dataDir.`, 1, { cause: error });
  }
};

const DUE_COLUMNS = "d.seq, d.id, d.payload, d.payload_sha256 AS sha256, d.signature, d.checksum, d.tries";

/** Beside what is given up for want of space: what the disk lost. */
export const DAMAGED_IMAGES = "damaged_images";

/** As if central had never heard of it: what it was tried before says nothing about the next time. */
const UNHELD = "acked_at = NULL, receipt = NULL, due = damaged = 0, next_try_at = 0, tries = 0";

/** A statement with its parameters and what a row of its answer is. */
type Query<Parameters extends unknown[], Row> = {
  get: (...parameters: Parameters) => Row | undefined;
  all: (...parameters: Parameters) => Row[];
  run: (...parameters: Parameters) => { changes: number };
};

const prepare = (database: Database.Database) => {
  const query = <Parameters extends unknown[], Row = never>(sql: string): Query<Parameters, Row> =>
    database.prepare<Parameters, Row>(sql);
  /** Of a statement that answers with one column. */
  const value = <Parameters extends unknown[], Column>(sql: string): Query<Parameters, Column> =>
    database.prepare<Parameters, Column>(sql).pluck();
  return {
    getMeta: value<[string], string>("SELECT value FROM meta WHERE key = ?"),
    setMeta: query<[string, string]>(
      "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    outerMeta: query<[string], { key: string; value: string }>(
      "SELECT key, value FROM meta WHERE key NOT IN (SELECT value FROM json_each(?)) ORDER BY key",
    ),
    dropMeta: query<[string]>("DELETE FROM meta WHERE key = ?"),
    epochs: query<[], Epoch>("SELECT epoch, base FROM epochs ORDER BY base, epoch"),
    addEpoch: query<[number, number]>("INSERT INTO epochs VALUES (?, ?)"),
    newest: query<[], FoundRow>(`SELECT ${DUE_COLUMNS} FROM detections d ORDER BY d.seq DESC LIMIT 1`),
    hasRow: value<[number], number>("SELECT 1 FROM detections WHERE seq = ?"),
    sameSource: value<[string, string], number>("SELECT seq FROM detections WHERE camera_id = ? AND source = ?"),
    insert: query<[Record<string, string | number | null>]>(
      `INSERT INTO detections (seq, id, camera_id, source, payload, payload_sha256, signature, checksum, bytes, created_at)
     VALUES (@seq, @id, @cameraId, @source, @payload, @sha256, @signature, @checksum, @bytes, @createdAt) ON CONFLICT DO NOTHING`,
    ),
    insertImage: query<[number, string, string, number, number, number]>(
      "INSERT INTO images (seq, role, sha256, bytes, due, lost) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    mend: query<[Record<string, string | number | null>]>(
      `UPDATE detections SET id = @id, camera_id = @cameraId, source = @source, payload = @payload,
       payload_sha256 = @sha256, signature = @signature, checksum = @checksum WHERE seq = @seq`,
    ),
    images: query<[number], RowImage>(
      "SELECT role, sha256, bytes, due, lost FROM images WHERE seq = ? ORDER BY role DESC",
    ),
    wakeWaiting: query<[number]>(
      "UPDATE detections SET next_try_at = 0 WHERE due = 1 AND next_try_at > 0 AND next_try_at <= ?",
    ),
    unsent: query<[number], FoundRow>(
      `SELECT ${DUE_COLUMNS} FROM detections d INDEXED BY detections_unsent
     WHERE d.acked_at IS NULL AND d.due = 1 AND d.next_try_at = 0 ORDER BY d.seq DESC LIMIT ?`,
    ),
    imageless: query<[string, number], FoundRow>(
      `SELECT ${DUE_COLUMNS} FROM images i INDEXED BY images_due CROSS JOIN detections d ON d.seq = i.seq
     WHERE i.due = 1 AND i.role = ? AND d.due = 1 AND d.next_try_at = 0 ORDER BY i.seq LIMIT ?`,
    ),
    nextWaiting: value<[], number | null>("SELECT min(next_try_at) FROM detections WHERE due = 1 AND next_try_at > 0"),
    damaged: query<[number]>("UPDATE detections SET damaged = 1, due = 0 WHERE seq = ?"),
    keepMissing: query<[string, number]>(
      "UPDATE images SET due = lost = 0 AND role IN (SELECT value FROM json_each(?)) WHERE seq = ?",
    ),
    acknowledge: query<[number, string, number]>(
      "UPDATE detections SET acked_at = coalesce(acked_at, ?), receipt = coalesce(receipt, ?) WHERE seq = ?",
    ),
    retry: query<[number, number]>("UPDATE detections SET tries = tries + 1, next_try_at = ? WHERE seq = ?"),
    lose: query<[number, string]>("UPDATE images SET lost = 1, due = 0 WHERE seq = ? AND role = ?"),
    refreshDue: query<[number]>(
      `UPDATE detections SET due = damaged = 0 AND (acked_at IS NULL
       OR EXISTS (SELECT 1 FROM images WHERE images.seq = detections.seq AND due = 1)) WHERE seq = ?`,
    ),
    // A receipt without a place is for what central could not read: it does not count that among what it holds.
    unhold: value<[number, number, string], number>(
      `UPDATE detections SET ${UNHELD}
       WHERE seq BETWEEN ? AND ? AND acked_at IS NOT NULL AND json_extract(receipt, '$.seq') IS NOT NULL
       AND seq NOT IN (SELECT value FROM json_each(?)) RETURNING seq`,
    ),
    unholdAll: query<[number, number]>(
      `UPDATE detections SET ${UNHELD} WHERE seq BETWEEN ? AND ? AND acked_at IS NOT NULL`,
    ),
    wantImages: query<[number, number]>("UPDATE images SET due = 1 WHERE seq BETWEEN ? AND ? AND lost = 0 AND due = 0"),
    waiting: query<[], { kind: "rows" | "damaged" | ImageRole; count: number; bytes: number }>(
      "SELECT kind, count, bytes FROM waiting",
    ),
    oldestUnackedAt: value<[], number | null>(
      "SELECT min(created_at) FROM detections INDEXED BY detections_unacked WHERE acked_at IS NULL",
    ),
    lowestUnsent: value<[number], number | null>(
      `SELECT min(seq) FROM detections INDEXED BY detections_unsent
     WHERE acked_at IS NULL AND due = 1 AND next_try_at = 0 AND seq > ?`,
    ),
    lowestWaiting: value<[number], number | null>(
      `SELECT min(seq) FROM detections INDEXED BY detections_waiting
     WHERE due = 1 AND next_try_at > 0 AND acked_at IS NULL AND seq > ?`,
    ),
    oldestImageDue: value<[string], number | null>(
      "SELECT min(seq) FROM images INDEXED BY images_due WHERE due = 1 AND role = ?",
    ),
    payloadSha256: value<[number], string>("SELECT payload_sha256 FROM detections WHERE seq = ?"),
    createdAt: value<[number], number>("SELECT created_at FROM detections WHERE seq = ?"),
    heldImages: query<[number], KeptImage>(
      `SELECT i.seq, i.role, i.sha256, i.bytes, d.payload, d.created_at AS createdAt FROM images i INDEXED BY images_kept
     CROSS JOIN detections d ON d.seq = i.seq
     WHERE i.due = 0 AND i.lost = 0 AND d.acked_at IS NOT NULL ORDER BY i.seq LIMIT ?`,
    ),
    oldestDue: query<[string, number], KeptImage>(
      `SELECT i.seq, i.role, i.sha256, i.bytes, d.payload, d.created_at AS createdAt FROM images i INDEXED BY images_due
     CROSS JOIN detections d ON d.seq = i.seq WHERE i.due = 1 AND i.role = ? ORDER BY i.seq LIMIT ?`,
    ),
    isKept: value<[string], number>("SELECT 1 FROM images WHERE sha256 = ? AND lost = 0 LIMIT 1"),
    keptBesides: value<[string, number, string], number>(
      "SELECT 1 FROM images WHERE sha256 = ? AND lost = 0 AND NOT (seq = ? AND role = ?) LIMIT 1",
    ),
    noteSacrifice: query<[string, number, number, string, string]>(
      `INSERT INTO sacrifices VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE SET
       images = images + excluded.images, bytes = bytes + excluded.bytes,
       from_at = min(from_at, excluded.from_at), to_at = max(to_at, excluded.to_at)`,
    ),
    oldestSeq: value<[], number | null>("SELECT min(seq) FROM detections"),
    sacrifices: query<
      [],
      { kind: (typeof SACRIFICES)[number]; images: number; bytes: number; fromAt: string; toAt: string }
    >(`SELECT kind, images, bytes, from_at AS fromAt, to_at AS toAt FROM sacrifices WHERE kind <> '${DAMAGED_IMAGES}'`),
    damagedImages: value<[], number>(`SELECT images FROM sacrifices WHERE kind = '${DAMAGED_IMAGES}'`),
    image: query<[number, string], KeptImage>(
      `SELECT i.seq, i.role, i.sha256, i.bytes, d.payload, d.created_at AS createdAt FROM images i
     JOIN detections d ON d.seq = i.seq WHERE i.seq = ? AND i.role = ? AND i.lost = 0`,
    ),
    prunable: query<[number, number, number], { seq: number; payloadSha256: string; receipt: string }>(
      `SELECT seq, payload_sha256 AS payloadSha256, receipt FROM detections
     WHERE seq > ? AND acked_at <= ? AND due = 0 ORDER BY seq LIMIT ?`,
    ),
    deleteImages: query<[number]>("DELETE FROM images WHERE seq = ?"),
    deleteRow: query<[number]>("DELETE FROM detections WHERE seq = ?"),
  };
};

/** An open file of rows. `head` is the last row's number and its payload's SHA-256 (null when nobody knows it). */
export type BufferRows = {
  statements: ReturnType<typeof prepare>;
  /** Runs `work` as one durable transaction. */
  together: <T>(work: () => T) => T;
  epochs: () => Epoch[];
  head: () => { seq: number; sha256: string | null };
  /** Adds a row with its images, and moves the head when it is the newest. False when the row is there already. */
  insert: (row: NewRow, images: readonly RowImage[]) => boolean;
  setHead: (seq: number, sha256: string) => void;
  /** Begins an epoch behind `seq`: nothing precedes its first payload. */
  beginEpoch: (epoch: number, seq: number) => void;
  close: () => void;
};

/**
 * Opens (or makes) the file of rows.
 * @throws FatalError when another process has it; what `isDamage` knows when it is damaged
 */
export const openRows = (path: string): BufferRows => {
  const database = openDatabase(path);
  const prepareOrClose = () => {
    try {
      return prepare(database);
    } catch (error) {
      database.close();
      throw codeOf(error) === "SQLITE_ERROR" ? damage(reasonOf(error)) : error;
    }
  };
  const statements = prepareOrClose();
  const head = () => ({
    seq: Number(statements.getMeta.get("lastSeq") ?? 0),
    sha256: statements.getMeta.get("head") ?? null,
  });
  const setHead = (seq: number, sha256: string) => {
    statements.setMeta.run("lastSeq", String(seq));
    statements.setMeta.run("head", sha256);
  };
  return {
    statements,
    together: (work) => database.transaction(work).immediate(),
    epochs: () => statements.epochs.all(),
    head,
    setHead,
    insert: (row, images) => {
      if (statements.insert.run(row).changes === 0) return false;
      for (const { role, sha256, bytes, due, lost } of images) {
        statements.insertImage.run(row.seq, role, sha256, bytes, due, lost);
      }
      return true;
    },
    beginEpoch: (epoch, seq) => {
      statements.addEpoch.run(epoch, seq);
      statements.setMeta.run("epoch", String(epoch));
      statements.setMeta.run("lastSeq", String(seq));
      statements.dropMeta.run("head");
    },
    close: () => void database.close(),
  };
};
