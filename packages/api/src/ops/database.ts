/**
 * Opens central's database: the embedded one below DATA_DIR, or the one that DATABASE_URL names.
 * Rule: it is migrated before anybody uses it.
 */
import { openEmbedded } from "@chaverim/db/embedded";
import { ensurePartitionsAhead, migrate } from "@chaverim/db/migrate";
import { type Database, openDatabase } from "@chaverim/db/open";
import { type Config, ConfigError } from "../config.ts";
import { isDatabaseAway } from "../failure.ts";

/**
 * Opens and migrates.
 * @param role `server` owns an embedded database; `tool` uses the running one, or starts it for as long as it needs it
 * @throws ConfigError when DATABASE_URL does not answer; EmbeddedError and MigrationError with their sentences
 */
export const openCentralDatabase = async (config: Config, role: "server" | "tool"): Promise<Database> => {
  const embedded = config.databaseUrl ? null : await openEmbedded(config.dataDir, role);
  const database = openDatabase(config.databaseUrl ?? embedded?.url ?? "", {
    applicationName: `chaverim-${role}`,
    ...(role === "tool" ? { max: 2 } : {}),
  });
  const close = async () => {
    await database[Symbol.asyncDispose]();
    await embedded?.[Symbol.asyncDispose]();
  };
  try {
    await migrate(database.sql, role === "server" ? "upgrade" : "only when empty");
    await ensurePartitionsAhead(database.sql);
  } catch (error) {
    await close();
    if (config.databaseUrl && isDatabaseAway(error)) {
      throw new ConfigError(
        `The database at ${new URL(config.databaseUrl).host} does not answer: check DATABASE_URL and that PostgreSQL runs.`,
        { cause: error },
      );
    }
    throw error;
  }
  return { ...database, [Symbol.asyncDispose]: close };
};
