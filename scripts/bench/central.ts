/**
 * A central of its own for a benchmark: real process, real embedded PostgreSQL, temporary directory.
 * Rule: gone without a trace when disposed of.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const API = fileURLToPath(new URL("../../packages/api/src/", import.meta.url));
/** First start makes a database cluster. */
const START_TIMEOUT_MS = 60_000;

export type BenchCentral = AsyncDisposable & {
  url: string;
  dataDir: string;
  pid: number;
  /** Runs the operator's command and returns what it printed as JSON. */
  alpr: (...args: string[]) => Promise<Record<string, string>>;
};

const untilListening = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("central did not start in time")), START_TIMEOUT_MS);
    child.once("exit", (code) => reject(new Error(`central ended with code ${code}`)));
    if (!child.stdout) return reject(new Error("central has no output"));
    createInterface(child.stdout).on("line", (line) => {
      const { message, url } = JSON.parse(line) as { message: string; url?: string };
      if (message !== "listening" || !url) return;
      clearTimeout(timer);
      resolve(url);
    });
  });

/** Starts central and waits until it listens. DATABASE_URL is passed on when it is set. */
export const openBenchCentral = async (): Promise<BenchCentral> => {
  const dataDir = await mkdtemp(join(tmpdir(), "chaverim-bench-"));
  const env = { ...process.env, DATA_DIR: dataDir, PORT: "0", LOG_LEVEL: "info" };
  const child = spawn(process.execPath, [join(API, "main.ts")], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await untilListening(child);
  return {
    url,
    dataDir,
    pid: child.pid ?? 0,
    alpr: async (...args) => {
      const { stdout } = await promisify(execFile)(process.execPath, [join(API, "ops", "cli.ts"), ...args, "--json"], {
        env,
      });
      return JSON.parse(stdout) as Record<string, string>;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
