/**
 * Starts the product's processes, keeps their logs in files, and stops them again.
 * Rule: no process outlives the demo, and none writes to the terminal or into a pipe that breaks when the demo dies.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** 8 MB of log a process; then the file begins anew, for the last hour says more than the first. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;
/** The last words of a process, its lines that are not JSON, are kept for the terminal. */
const LAST_WORDS_MAX = 4_000;

export const repositoryPath = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

/** How often a log is read for news: nobody notices a tenth of a second. */
const LOG_LOOK_MS = 100;
const LOG_CHUNK_BYTES = 64 * 1024;

type LogFile = {
  /** Where the process appends. */
  fd: number;
  close: () => void;
};

/** A log file that begins anew with each start, and the lines that appear in it. */
const openLog = (folder: string, name: string, onLine: (line: string) => void): LogFile => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  closeSync(openSync(path, "w", 0o600));
  const fd = openSync(path, "a+");
  const chunk = Buffer.alloc(LOG_CHUNK_BYTES);
  let position = 0;
  let unfinished = "";
  const look = () => {
    for (;;) {
      const bytes = readSync(fd, chunk, 0, chunk.length, position);
      if (bytes === 0) break;
      position += bytes;
      const lines = (unfinished + chunk.toString("utf8", 0, bytes)).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    }
    if (position > LOG_BYTES_MAX) {
      ftruncateSync(fd);
      position = 0;
    }
  };
  const timer = setInterval(look, LOG_LOOK_MS);
  const close = () => {
    clearInterval(timer);
    look();
    if (unfinished !== "") onLine(unfinished);
    closeSync(fd);
  };
  return { fd, close };
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null; lastWords: string };

export type Running = {
  pid: number;
  exited: Promise<Exit>;
  /** Asks it to stop, and after `graceMs` ends it with all that it started. */
  stop: (graceMs: number) => Promise<void>;
};

export type Guard = { add: (pid: number) => void; remove: (pid: number) => void; close: () => void };

/** Starts the guard, which outlives this process just long enough to stop what it left behind. */
export const startGuard = (environment: Record<string, string>): Guard => {
  const guard = spawn(process.execPath, [repositoryPath("packages/demo/src/run/guard.ts")], {
    env: environment,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  const { stdin } = guard;
  // A guard that was killed guards no more; the demo itself still stops its children.
  stdin.on("error", () => stdin.destroy());
  const tell = (line: string) => {
    if (stdin.writable) stdin.write(`${line}\n`);
  };
  return { add: (pid) => tell(String(pid)), remove: (pid) => tell(String(-pid)), close: () => stdin.end() };
};

type StartOptions = {
  name: string;
  /** Path in the repository, then arguments. */
  script: string;
  args?: readonly string[];
  environment: Record<string, string>;
  logs: string;
  guard: Guard;
  /** Each line of its log that is a JSON object. */
  onLine?: (line: Record<string, unknown>) => void;
};

const parseLine = (line: string): Record<string, unknown> | null => {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    // Something in braces that is no JSON: words like any other.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
};

const stopper = (child: ChildProcess, pid: number, exited: Promise<Exit>) => async (graceMs: number) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => {
    // Its own group: whatever it started ends with it.
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
  }, graceMs);
  await exited;
  clearTimeout(timer);
};

/**
 * Starts a script with this Node. It gets a process group of its own, so that Ctrl-C reaches the demo alone and the
 * demo chooses the order of stopping.
 */
export const startProcess = ({ name, script, args = [], environment, logs, guard, onLine }: StartOptions): Running => {
  let lastWords = "";
  const log = openLog(logs, name, (line) => {
    const fields = parseLine(line);
    if (fields) onLine?.(fields);
    else lastWords = `${lastWords}${line}\n`.slice(-LAST_WORDS_MAX);
  });
  const child = spawn(process.execPath, [repositoryPath(script), ...args], {
    env: environment,
    stdio: ["ignore", log.fd, log.fd],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started.`);
  guard.add(pid);
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      guard.remove(pid);
      log.close();
      resolve({ code, signal, lastWords: lastWords.trim() });
    });
  });
  return { pid, exited, stop: stopper(child, pid, exited) };
};
