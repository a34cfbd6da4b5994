/**
 * Opens central's database: the embedded one below DATA_DIR, or the one that DATABASE_URL names.
 * Rule: it is migrated before anybody uses it, by its owner on a connection of a moment; everything after that works as a
 * role that owns nothing.
 */
import { openEmbedded } from "@chaverim/db/embedded";
import { type MigrateMode, ensurePartitionsAhead, migrate } from "@chaverim/db/migrate";
import { APP_ROLE, type Database, type Queryable, openDatabase } from "@chaverim/db/open";
import { type Config, ConfigError } from "../config.ts";
import { isDatabaseAway } from "../failure.ts";

/** Where the database is: for working, and for migrating. */
type Logins = AsyncDisposable & { url: string; ownerUrl: string };

const findLogins = async (config: Config, role: "server" | "tool"): Promise<Logins> => {
  if (config.databaseUrl === null) return openEmbedded(config.dataDir, role);
  const ownerUrl = config.databaseOwnerUrl ?? config.databaseUrl;
  return { url: config.databaseUrl, ownerUrl, [Symbol.asyncDispose]: () => Promise.resolve() };
};

const prepare = async (ownerUrl: string, mode: MigrateMode): Promise<void> => {
  await using owner = openDatabase(ownerUrl, { applicationName: "chaverim-owner", max: 1 });
  await migrate(owner.sql, mode);
  await ensurePartitionsAhead(owner.sql);
};

export type CentralDatabase = Database & {
  /**
   * The login could give itself the owner's rights: then only the role that it works as stands between a flaw in central
   * and a rewritten log.
   */
  isOwnersLogin: boolean;
};

const isOwnersLogin = async (sql: Queryable): Promise<boolean> => {
  const [row] = await sql<{ isOwner: boolean }[]>`
    select pg_has_role(session_user, relowner, 'member') as "isOwner" from pg_class where oid = 'access_log'::regclass`;
  return row?.isOwner !== false;
};

/** A sentence for what keeps the database from being opened; null for everything else. */
const explain = (config: Config, error: unknown): ConfigError | null => {
  const host = (url: string | null) => (url === null ? "" : new URL(url).host);
  const cause = { cause: error };
  if (config.databaseUrl === null) return null;
  if (isDatabaseAway(error)) {
    const names = config.databaseOwnerUrl === null ? "DATABASE_URL" : "DATABASE_URL, DATABASE_OWNER_URL";
    return new ConfigError(
      `The database at ${host(config.databaseUrl)} does not answer: check ${names} and that PostgreSQL runs.`,
      cause,
    );
  }
  const isRoleRefused = error instanceof Error && error.message.includes(`set role "${APP_ROLE}"`);
  if (!isRoleRefused) return null;
  const user = decodeURIComponent(new URL(config.databaseUrl).username);
  return new ConfigError(
    `The user of DATABASE_URL may not work as ${APP_ROLE}: let an administrator of the server run "grant ${APP_ROLE} to ${user};" once, and start again.`,
    cause,
  );
};

/**
 * Opens and migrates.
 * @param role `server` owns an embedded database; `tool` uses the running one, or starts it for as long as it needs it
 * @throws ConfigError when DATABASE_URL does not answer or its user may not work as the server's role; EmbeddedError and
 * MigrationError with their sentences
 */
export const openCentralDatabase = async (config: Config, role: "server" | "tool"): Promise<CentralDatabase> => {
  await using opening = new AsyncDisposableStack();
  try {
    const { url, ownerUrl } = opening.use(await findLogins(config, role));
    await prepare(ownerUrl, role === "server" ? "upgrade" : "only when empty");
    const database = opening.use(
      openDatabase(url, {
        applicationName: `chaverim-${role}`,
        role: APP_ROLE,
        ...(role === "tool" ? { max: 2 } : {}),
      }),
    );
    const isOwners = await isOwnersLogin(database.sql);
    const rest = opening.move();
    return { ...database, isOwnersLogin: isOwners, [Symbol.asyncDispose]: () => rest.disposeAsync() };
  } catch (error) {
    throw explain(config, error) ?? error;
  }
};
