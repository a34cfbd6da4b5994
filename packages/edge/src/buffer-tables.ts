/**
 * The tables of the buffer in SQLite, how those of version 0.1 become these, and the counters of what waits.
 * Rule: no row is copied or lost on the way, however many there are.
 */
import type Database from "better-sqlite3";

/**
 * Times are milliseconds since 1970, except `next_try_at`: it counts from boot, which never steps, and is forgotten at
 * each start. `due` is 1 while something is still to be sent. A `damaged` row failed its hash and has no sidecar: it is kept
 * and counted, but not sent as evidence; a `lost` image likewise, or it was given up for want of space. The checks are for
 * the disk: a flag that changed by itself is found by `PRAGMA integrity_check`.
 */
const TABLES = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE detections (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    camera_id TEXT NOT NULL,
    source TEXT NOT NULL,
    payload TEXT NOT NULL,
    payload_sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due INTEGER NOT NULL DEFAULT 1 CHECK (due IN (0, 1)),
    next_try_at INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    damaged INTEGER NOT NULL DEFAULT 0 CHECK (damaged IN (0, 1)),
    acked_at INTEGER,
    receipt TEXT,
    signature TEXT,
    checksum TEXT,
    CHECK ((acked_at IS NULL) = (receipt IS NULL)),
    CHECK (due = 1 OR damaged = 1 OR acked_at IS NOT NULL),
    CHECK (due = 0 OR damaged = 0)
  ) STRICT;
  CREATE TABLE images (
    seq INTEGER NOT NULL REFERENCES detections (seq),
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    due INTEGER NOT NULL DEFAULT 1 CHECK (due IN (0, 1)),
    lost INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)),
    PRIMARY KEY (seq, role)
  ) STRICT, WITHOUT ROWID;
`;

/** What version 0.1 does not have, and what every start needs. */
const ADDITIONS = `
  CREATE TABLE IF NOT EXISTS epochs (epoch INTEGER PRIMARY KEY, base INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sacrifices (
    kind TEXT PRIMARY KEY, images INTEGER NOT NULL, bytes INTEGER NOT NULL, from_at TEXT NOT NULL, to_at TEXT NOT NULL
  ) STRICT;
  DROP INDEX IF EXISTS detections_ready;
  CREATE INDEX IF NOT EXISTS images_by_sha256 ON images (sha256);
  CREATE INDEX IF NOT EXISTS images_due ON images (role, seq, bytes) WHERE due = 1;
  CREATE INDEX IF NOT EXISTS images_kept ON images (seq) WHERE due = 0 AND lost = 0;
  CREATE INDEX IF NOT EXISTS detections_by_source ON detections (camera_id, source);
  CREATE INDEX IF NOT EXISTS detections_unsent ON detections (seq)
    WHERE acked_at IS NULL AND due = 1 AND next_try_at = 0;
  CREATE INDEX IF NOT EXISTS detections_waiting ON detections (next_try_at) WHERE due = 1 AND next_try_at > 0;
  CREATE INDEX IF NOT EXISTS detections_unacked ON detections (created_at, bytes, damaged) WHERE acked_at IS NULL;
  CREATE TRIGGER IF NOT EXISTS images_added AFTER INSERT ON images WHEN new.lost = 0 BEGIN
    UPDATE meta SET value = value + new.bytes WHERE key = 'imageBytes';
  END;
  CREATE TRIGGER IF NOT EXISTS images_removed AFTER DELETE ON images WHEN old.lost = 0 BEGIN
    UPDATE meta SET value = value - old.bytes WHERE key = 'imageBytes';
  END;
  CREATE TRIGGER IF NOT EXISTS images_lost AFTER UPDATE OF lost ON images WHEN new.lost <> old.lost BEGIN
    UPDATE meta SET value = value + (old.lost - new.lost) * new.bytes WHERE key = 'imageBytes';
  END;
  UPDATE detections SET next_try_at = 0 WHERE due = 1 AND next_try_at > 0;
`;

/**
 * How much waits, counted as it changes: to count 600,000 rows takes half a second, and nothing else runs meanwhile. In memory, and
 * so counted once at each start; SQLite takes back what a transaction did to it when it takes back the transaction.
 */
const COUNTERS = `
  CREATE TEMP TABLE waiting (kind TEXT PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  INSERT INTO waiting SELECT 'rows', count(*), CAST(total(bytes) AS INTEGER) FROM detections WHERE acked_at IS NULL;
  INSERT INTO waiting SELECT 'damaged', count(*), 0 FROM detections WHERE acked_at IS NULL AND damaged = 1;
  INSERT INTO waiting SELECT role.value, count(i.seq), CAST(total(i.bytes) AS INTEGER)
    FROM json_each('["full", "crop"]') role LEFT JOIN images i ON i.role = role.value AND i.due = 1 GROUP BY role.value;
  CREATE TEMP TRIGGER row_added AFTER INSERT ON main.detections WHEN new.acked_at IS NULL BEGIN
    UPDATE waiting SET count = count + 1, bytes = bytes + new.bytes WHERE kind = 'rows';
    UPDATE waiting SET count = count + new.damaged WHERE kind = 'damaged';
  END;
  CREATE TEMP TRIGGER row_removed AFTER DELETE ON main.detections WHEN old.acked_at IS NULL BEGIN
    UPDATE waiting SET count = count - 1, bytes = bytes - old.bytes WHERE kind = 'rows';
    UPDATE waiting SET count = count - old.damaged WHERE kind = 'damaged';
  END;
  CREATE TEMP TRIGGER row_settled AFTER UPDATE OF acked_at ON main.detections
    WHEN (old.acked_at IS NULL) <> (new.acked_at IS NULL) BEGIN
    UPDATE waiting SET count = count + (new.acked_at IS NULL) - (old.acked_at IS NULL),
      bytes = bytes + iif(new.acked_at IS NULL, new.bytes, -old.bytes) WHERE kind = 'rows';
  END;
  CREATE TEMP TRIGGER row_damaged AFTER UPDATE OF acked_at, damaged ON main.detections
    WHEN (old.acked_at IS NULL AND old.damaged) <> (new.acked_at IS NULL AND new.damaged) BEGIN
    UPDATE waiting SET count = count + (new.acked_at IS NULL AND new.damaged) - (old.acked_at IS NULL AND old.damaged)
      WHERE kind = 'damaged';
  END;
  CREATE TEMP TRIGGER image_added AFTER INSERT ON main.images WHEN new.due = 1 BEGIN
    UPDATE waiting SET count = count + 1, bytes = bytes + new.bytes WHERE kind = new.role;
  END;
  CREATE TEMP TRIGGER image_removed AFTER DELETE ON main.images WHEN old.due = 1 BEGIN
    UPDATE waiting SET count = count - 1, bytes = bytes - old.bytes WHERE kind = old.role;
  END;
  CREATE TEMP TRIGGER image_settled AFTER UPDATE OF due ON main.images WHEN new.due <> old.due BEGIN
    UPDATE waiting SET count = count + new.due - old.due, bytes = bytes + (new.due - old.due) * new.bytes
      WHERE kind = new.role;
  END;
`;

/** Brings the tables to this version. Those of version 0.1 keep their rows; nothing is copied, however many there are. */
export const migrate = (database: Database.Database): void => {
  const tables = database.prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  if (tables.length === 0) database.exec(TABLES);
  const columns = database.prepare<[], string>("SELECT name FROM pragma_table_info('detections')").pluck().all();
  if (columns.length > 0 && !columns.includes("signature")) {
    database.exec("ALTER TABLE detections ADD COLUMN signature TEXT");
    database.exec("ALTER TABLE detections ADD COLUMN checksum TEXT");
  }
  database.exec(ADDITIONS);
  database.exec(`
    INSERT OR IGNORE INTO epochs SELECT CAST(value AS INTEGER), 0 FROM meta
      WHERE key = 'epoch' AND NOT EXISTS (SELECT 1 FROM epochs);
    INSERT OR IGNORE INTO meta SELECT 'imageBytes', CAST(CAST(total(bytes) AS INTEGER) AS TEXT) FROM images
      WHERE lost = 0 HAVING NOT EXISTS (SELECT 1 FROM meta WHERE key = 'imageBytes');
  `);
};

/** Counts what waits, and from now on as it changes. */
export const beginCounting = (database: Database.Database): void => {
  database.pragma("temp_store = MEMORY");
  database.exec(COUNTERS);
};
