/**
 * Starts the central server and waits until it answers.
 * Rule: what central says about a mistake is passed on word for word, with its exit code.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { DemoError, codeOf } from "../failure.ts";
import { startProcess } from "./processes.ts";
import type { Guard, Running } from "./processes.ts";
import { keyUnknown } from "./state.ts";

/** The first start makes a database; on a slow disk that takes a while. */
const START_MS = 60_000;
const LOOK_MS = 100;

export type CentralServer = Running & { url: string; host: string; port: number };

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch (error) {
    // Not listening yet, or too busy to answer: it is asked again.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) return false;
    throw error;
  }
};

/** Starts central on the demo's data; throws DemoError when it does not come up. */
export const startCentral = async (config: Config, guard: Guard): Promise<CentralServer> => {
  let url: string | null = null;
  const running = startProcess({
    name: "central",
    script: "packages/api/src/main.ts",
    environment: {
      ...config.childEnvironment,
      PORT: String(config.port),
      HOST: config.host,
      DATA_DIR: config.dataDir,
      SIMULATED: "1",
    },
    logs: config.paths.logs,
    guard,
    onLine: ({ message, url: listening }) => {
      if (message === "listening" && typeof listening === "string") url = listening.replace(/\/$/, "");
    },
  });
  const failed = running.exited.then(({ code, signal, lastWords }) => {
    throw new DemoError(
      lastWords || `Central stopped (${signal ?? code}); its log is ${config.paths.logs}/central.log.`,
      code || 1,
    );
  });
  // Once central runs, its end is watched elsewhere.
  failed.catch(() => undefined);
  const endMs = Date.now() + START_MS;
  const ready = async (): Promise<string> => {
    while (Date.now() < endMs) {
      if (url !== null && (await answers(url))) return url;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await running.stop(10_000);
    throw new DemoError(`Central did not answer within a minute; its log is ${config.paths.logs}/central.log.`);
  };
  const address = await Promise.race([ready(), failed]);
  const { hostname, port } = new URL(address);
  return { ...running, url: address, host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
};

/**
 * Stops the embedded database when central could not do it itself: PostgreSQL runs in a process group of its own and
 * notes its id in postmaster.pid, which it removes when it ends. SIGINT is its "fast shutdown".
 */
export const stopLeftDatabase = async ({ dataDir }: Config): Promise<void> => {
  try {
    const [pid] = (await readFile(join(dataDir, "postgres", "cluster", "postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), "SIGINT");
  } catch (error) {
    // No file or no process: there is nothing to stop.
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ESRCH") throw error;
  }
};

/** Makes sure that central knows a kept key; throws DemoError when it does not. */
export const checkKey = async (central: CentralServer, apiKey: string, dataDir: string): Promise<void> => {
  const form = new FormData();
  form.set("detections", "[]");
  const response = await fetch(`${central.url}/api/v1/detections/batch`, {
    method: "POST",
    headers: { "X-API-Key": apiKey },
    body: form,
  });
  await response.arrayBuffer();
  if (response.status === 401 || response.status === 403) throw keyUnknown(dataDir);
};
