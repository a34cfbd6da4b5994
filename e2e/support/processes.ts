/**
 * Starts the product's processes as a person would, and ends them.
 * Rule: nothing outlives the tests; every process leads a group of its own, which is killed as a whole.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The repository: processes are started here, as npm does. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type Running = {
  pid: number;
  /** What it has printed on either stream so far. */
  output: () => string;
  exited: Promise<Exit>;
  isAlive: () => boolean;
  signal: (name: NodeJS.Signals) => void;
  /** Ends it like a power cut and waits until it is gone; what it started goes with it. */
  kill: () => Promise<void>;
};

export type StartOptions = {
  /** Below the repository, such as `packages/api/src/main.ts`. */
  script: string;
  args?: readonly string[];
  /** Nothing else of this process's environment goes along but PATH and HOME. */
  environment?: Record<string, string>;
  /** Another checkout than this one, for its version. */
  root?: string;
  /** The Node that runs it; the one that runs the tests unless told otherwise. */
  node?: string;
  /** Everything that it reads from standard input. */
  input?: string;
};

const groups = new Set<number>();
const folders = new Set<string>();

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // Gone already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** The postmaster below a data directory, from its own pid file; null when there is none or it has ended. */
export const postgresPid = (dataDir: string): number | null => {
  const file = join(dataDir, "postgres/cluster/postmaster.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : 0;
  return pid > 0 && isAlive(pid) ? pid : null;
};

/** Says whether a process runs; one that has ended and waits to be collected by its parent does not. */
const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0] !== "Z";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
};

/** Starts a script of the repository. */
export const startProcess = (options: StartOptions): Running => {
  const { script, args = [], node = process.execPath, root = ROOT, ...rest } = options;
  return startProgram({ command: node, args: [join(root, script), ...args], ...rest });
};

/** Starts any program, with nothing of this process's environment but PATH and HOME. */
export const startProgram = (
  options: { command: string; args: readonly string[] } & Pick<StartOptions, "environment" | "input">,
): Running => {
  const { command, args, environment = {}, input } = options;
  const child: ChildProcess = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} could not be started.`);
  groups.add(pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (output += text));
  child.stdin?.end(input ?? "");
  let alive = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      alive = false;
      resolve({ code, signal });
    });
  });
  return {
    pid,
    output: () => output,
    exited,
    isAlive: () => alive,
    signal: (name) => void child.kill(name),
    kill: async () => {
      killGroup(pid);
      await exited;
    },
  };
};

/** Runs a script to its end. */
export const runProcess = async (options: StartOptions): Promise<Exit & { output: string; ms: number }> => {
  const startedAt = performance.now();
  const running = startProcess(options);
  const exit = await running.exited;
  return { ...exit, output: running.output(), ms: performance.now() - startedAt };
};

/**
 * Asks until something is so.
 * @param told adds to the message what is known when it never becomes so
 */
export const until = async <T>(
  what: string,
  ask: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  { withinMs = 30_000, everyMs = 50, told = (): string => "" } = {},
): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${what}. ${told()}`);
    await sleep(everyMs);
  }
};

/** Below those that the system gives to outgoing connections, so that a port stays free while its server is down. */
const PORTS = { from: 15_000, to: 32_000 };

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** A port that is free now, on this machine alone. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await canListen(port)) return port;
  }
};

/** A directory that goes with the tests. */
export const temporaryFolder = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `e2e-${name}-`));
  folders.add(folder);
  return folder;
};

/** Kills every process that is still there, with the databases that they left, and removes the directories. */
export const endEverything = (...dataDirs: string[]): void => {
  for (const pid of groups) killGroup(pid);
  groups.clear();
  for (const dataDir of dataDirs) {
    const pid = postgresPid(dataDir);
    if (pid !== null) killGroup(pid);
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  folders.clear();
};

// A run that is cut short leaves nothing behind either.
process.once("exit", () => {
  for (const pid of groups) killGroup(pid);
});
