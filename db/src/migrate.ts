/**
 * Applies the migrations in db/migrations, in the order of their names.
 * Rule: forward only, one process at a time (advisory lock), and never on a database that is newer than this code.
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import type { Sql } from "./open.ts";

const MIGRATIONS = new URL("../migrations/", import.meta.url);

/** The database and this code do not belong together; the message says what to do. */
export class MigrationError extends Error {
  override name = "MigrationError";
}

type Migration = { name: string; text: string; sha256: string };

const readMigrations = async (directory: URL): Promise<Migration[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, directory), "utf8");
      return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
    }),
  );
};

/** The code of a sentence that a migration itself raises: RAISE EXCEPTION without another code. */
const RAISED = "P0001";

/** A tool never upgrades a database under a server that runs. */
export type MigrateMode = "upgrade" | "only when empty";

/**
 * Brings the database to this code's schema, and makes the partitions of the months around now.
 * @returns the names that were applied now
 * @throws MigrationError when the database holds a migration that this code does not know, or another text of one
 */
export const migrate = async (
  sql: Sql,
  mode: MigrateMode = "upgrade",
  directory: URL = MIGRATIONS,
): Promise<string[]> => {
  const migrations = await readMigrations(directory);
  const connection = await sql.reserve();
  try {
    // A migration of a large table takes what it takes.
    await connection`set statement_timeout = 0`;
    await connection`select pg_advisory_lock(hashtext('chaverim.migrate'))`;
    await connection`create table if not exists migrations (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`;
    const applied = await connection<
      { name: string; sha256: string }[]
    >`select name, sha256 from migrations order by name`;
    const known = new Map(migrations.map((migration) => [migration.name, migration]));
    for (const { name, sha256 } of applied) {
      const migration = known.get(name);
      if (!migration) {
        throw new MigrationError(
          `The database is newer than this program: it holds migration ${name}. Start the newer version.`,
        );
      }
      if (migration.sha256 !== sha256) {
        throw new MigrationError(
          `Migration ${name} is not the one that this database was made with. Restore the released file.`,
        );
      }
    }
    const done = new Set(applied.map(({ name }) => name));
    const applying = migrations.filter(({ name }) => !done.has(name));
    if (mode === "only when empty" && applied.length > 0 && applying.length > 0) {
      throw new MigrationError(
        "The database is older than this program: restart the server, which brings it up to date.",
      );
    }
    for (const { name, text, sha256 } of applying) {
      // One statement string: PostgreSQL runs it as one transaction, so a migration applies whole or not at all.
      const values = `'${name.replaceAll("'", "''")}', '${sha256}'`;
      await connection
        .unsafe(`begin;\n${text}\n;insert into migrations (name, sha256) values (${values});\ncommit;`)
        .simple()
        .catch((error: unknown) => {
          const isSentence = error instanceof Error && "code" in error && error.code === RAISED;
          throw isSentence ? new MigrationError(error.message, { cause: error }) : error;
        });
    }
    return applying.map(({ name }) => name);
  } finally {
    // After a failed migration the session is still inside its transaction; elsewhere this only draws a notice.
    await connection`rollback`;
    await connection`reset statement_timeout`;
    await connection`select pg_advisory_unlock_all()`;
    connection.release();
  }
};

/**
 * Makes the monthly partitions from last month to three months ahead; called at start and every few hours, so that a server that
 * nobody looks at for a quarter of a year still has a place for each detection.
 */
export const ensurePartitionsAhead = async (sql: Sql): Promise<void> => {
  await sql`select ensure_detection_partitions(now() - interval '1 month', now() + interval '3 months')`;
};
