/**
 * The doctor: one line a check, with the fix.
 * Rule: it changes nothing, and works while the server runs or does not.
 */
import { existsSync } from "node:fs";
import { access, constants, mkdtemp, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Database } from "@chaverim/db/open";
import { type Config, readConfig } from "../config.ts";
import { openEvidenceStore } from "../evidence/open-store.ts";
import { openKeys } from "../keys.ts";
import { silentLog } from "../log.ts";
import { type CentralDatabase, openCentralDatabase } from "./database.ts";
import { assertKeysFit, evidenceDirectory } from "./opening.ts";

export type Check = { name: string; ok: boolean; detail: string; fix: string | null };
type Finding = { detail: string; fix?: string };

const GIGABYTE = 1024 ** 3;
/** Ingest stops at 2 GB; this leaves a day of a busy site to act. */
const DISK_WARN_BYTES = 10 * GIGABYTE;
/** A job that waits longer than this means that nobody works on the outbox. */
const OUTBOX_WARN_SECONDS = 60;

const checkDisk = async (config: Config): Promise<Finding> => {
  const { bavail, bsize } = await statfs(config.dataDir);
  const free = bavail * bsize;
  const detail = `${(free / GIGABYTE).toFixed(1)} GB free`;
  return free < DISK_WARN_BYTES
    ? { detail, fix: "free space on the disk of DATA_DIR: ingest stops at 2 GB" }
    : { detail };
};

const checkKeyFiles = async (config: Config): Promise<Finding> => {
  const directory = join(config.dataDir, "keys");
  for (const name of ["receipts.pem", "secrets.key"]) {
    const file = await stat(join(directory, name)).catch(() => null);
    if (!file) return { detail: `${name} is not there yet`, fix: "start the server once; it makes the keys" };
    if ((file.mode & 0o077) !== 0)
      return { detail: `${name} can be read by others`, fix: `chmod 600 ${join(directory, name)}` };
  }
  return { detail: "readable by the owner alone" };
};

const checkAccounts = async ({ sql }: Database): Promise<Finding> => {
  const [row] = await sql<{ admins: number; people: number }[]>`
    select count(*) filter (where role = 'admin')::int as admins, count(*)::int as people from users where disabled_at is null`;
  const detail = `${row?.people ?? 0} people, ${row?.admins ?? 0} of them administrators`;
  return row?.admins
    ? { detail }
    : { detail, fix: "npm run serve prints a set-up link; or: npm run -s alpr -- user add --role admin …" };
};

const checkCollectors = async ({ sql }: Database): Promise<Finding> => {
  const rows = await sql<
    { name: string; isSilent: boolean }[]
  >`select name, coalesce(last_seen_at < now() - interval '3 minutes', true) as "isSilent"
    from collectors where revoked_at is null order by name`;
  const silent = rows.filter(({ isSilent }) => isSilent).map(({ name }) => name);
  const detail = `${rows.length - silent.length} of ${rows.length} heard of in the last 3 minutes`;
  if (rows.length === 0) return { detail: "none registered", fix: "npm run -s alpr -- collector add --name NAME" };
  return silent.length > 0 ? { detail, fix: `look after ${silent.join(", ")}: power, network, service` } : { detail };
};

const checkOutbox = async ({ sql }: Database): Promise<Finding> => {
  const [row] = await sql<{ depth: number; seconds: number | null; error: string | null }[]>`
    select count(*)::int as depth, extract(epoch from now() - min(created_at))::float8 as seconds, max(last_error) as error from outbox`;
  const detail = `${row?.depth ?? 0} jobs wait`;
  if ((row?.seconds ?? 0) < OUTBOX_WARN_SECONDS) return { detail };
  return { detail, fix: row?.error ? `look at the log: ${row.error}` : "start the server: jobs run there" };
};

const checkEvidence = async (config: Config): Promise<Finding> => {
  if (config.evidence.store === "filesystem") {
    // Not opened: that would clear the staging of a server that runs.
    await access(evidenceDirectory(config), constants.R_OK | constants.W_OK);
    return { detail: "filesystem: tamper-evident, not tamper-resistant" };
  }
  const spoolDirectory = await mkdtemp(join(tmpdir(), "chaverim-doctor-"));
  try {
    await using store = await openEvidenceStore({ ...config.evidence, spoolDirectory, log: silentLog });
    await store.check();
    if (store.tamperResistant) return { detail: "object lock is enforced" };
    return {
      detail: "the object store lets locked evidence be deleted",
      fix: "use one that enforces Object Lock (docs/evidence-stores.md)",
    };
  } finally {
    await rm(spoolDirectory, { recursive: true, force: true });
  }
};

const checkScreens = (): Promise<Finding> => {
  const built = existsSync(fileURLToPath(new URL("../../../pwa/dist/index.html", import.meta.url)));
  return Promise.resolve(built ? { detail: "built" } : { detail: "not built", fix: "npm run build" });
};

/** Runs one check; whatever it throws is its finding. */
const examine = async (name: string, work: () => Promise<Finding>, fixIfThrown: string): Promise<Check> => {
  try {
    const { detail, fix } = await work();
    return { name, ok: fix === undefined, detail, fix: fix ?? null };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error), fix: fixIfThrown };
  }
};

const checkLogin = async ({ sql, isOwnersLogin }: CentralDatabase): Promise<Finding> => {
  const [server] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
  const login = isOwnersLogin
    ? "central's login is the owner's, held back by its role alone (docs/operations.md, Two logins)"
    : "central's login owns nothing";
  return { detail: `PostgreSQL ${server?.version}, ${login}` };
};

const checkAccessLog = async ({ sql }: Database): Promise<Finding> => {
  const [may] = await sql<{ add: boolean; change: boolean }[]>`
    select has_table_privilege('access_log', 'insert') as add,
      has_table_privilege('access_log', 'update, delete, truncate') as change`;
  if (!may?.add)
    return {
      detail: "cannot be written: nobody sees anything",
      fix: "as the database's owner: grant insert on access_log to chaverim_app",
    };
  if (may.change)
    return {
      detail: "central may change it",
      fix: "as the database's owner: revoke update, delete, truncate on access_log from chaverim_app, public",
    };
  return { detail: "can be added to, and not changed" };
};

const examineDatabase = async (config: Config): Promise<Check[]> => {
  let database: CentralDatabase;
  try {
    database = await openCentralDatabase(config, "tool");
  } catch (error) {
    return [
      {
        name: "database",
        ok: false,
        detail: (error as Error).message,
        fix: "see the message; docs/operations.md tells how to restore",
      },
    ];
  }
  await using opened = database;
  const again = "run the doctor again; if it stays, look at the server's log";
  return [
    await examine("database", () => checkLogin(opened), again),
    await examine("access log", () => checkAccessLog(opened), again),
    await examine(
      "keys fit",
      async () => (
        await assertKeysFit(opened, await openKeys(join(config.dataDir, "keys"), false)),
        { detail: "authenticators can be opened" }
      ),
      "restore DATA_DIR/keys from the backup of this database",
    ),
    await examine("accounts", () => checkAccounts(opened), again),
    await examine("collectors", () => checkCollectors(opened), again),
    await examine("outbox", () => checkOutbox(opened), again),
  ];
};

/** Examines this installation. */
export const createDoctorReport = async (): Promise<{ text: string; isHealthy: boolean; checks: Check[] }> => {
  const config = readConfig();
  const checks = [
    await examine("node", () => Promise.resolve({ detail: process.versions.node }), "run through npm"),
    await examine("disk", () => checkDisk(config), "set DATA_DIR to a directory that exists, or start the server once"),
    await examine("key files", () => checkKeyFiles(config), "start the server once; it makes the keys"),
    ...(await examineDatabase(config)),
    await examine("evidence", () => checkEvidence(config), "check EVIDENCE_STORE and what belongs to it"),
    await examine("screens", checkScreens, "npm run build"),
  ];
  const width = Math.max(...checks.map(({ name }) => name.length));
  const text = checks
    .map(
      ({ name, ok, detail, fix }) =>
        `${ok ? "ok  " : "FIX "} ${name.padEnd(width)}  ${detail}${fix ? `  ->  ${fix}` : ""}`,
    )
    .join("\n");
  return { text, isHealthy: checks.every(({ ok }) => ok), checks };
};
