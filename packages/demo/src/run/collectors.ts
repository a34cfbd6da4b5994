/**
 * Runs the three collectors: the product's own edge software, with the town's cameras.
 * Rule: a collector that ends is started again, for what it buffered must arrive.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.ts";
import { DemoError } from "../failure.ts";
import { CAMERAS } from "../town/cameras.ts";
import type { CollectorName } from "../town/cameras.ts";
import { startProcess } from "./processes.ts";
import type { Guard, Running } from "./processes.ts";
import { writePrivately } from "./state.ts";
import type { Credentials } from "./state.ts";

/** A collector starts in about a second; on a busy machine in a few. */
const START_MS = 30_000;
/** Not at once: whatever ended it may still be there. */
const RESTART_MS = 2_000;
/** What a collector may take to stop; what it has not sent is safe in its buffer. */
const STOP_MS = 4_000;
/** Twelve times quicker than in the field, so that a lost uplink is seen, and found again, within seconds. */
const HEARTBEAT_MS = 5_000;

export type Collector = {
  name: CollectorName;
  /** The port that Hikvision cameras push to; null while the collector does not run. */
  port: () => number | null;
  stop: () => Promise<void>;
};

/** Where the folder camera of this id picks up its files. */
export const dropFolder = (config: Config, collector: CollectorName, cameraId: string): string =>
  join(config.paths.collectors, collector, "drop", cameraId);

/** Writes a collector's settings: JSON, which every YAML reader reads. */
const writeSettings = async (
  config: Config,
  credentials: Credentials,
  name: CollectorName,
  centralUrl: string,
): Promise<string> => {
  const folder = join(config.paths.collectors, name);
  const apiKeyFile = join(folder, "api-key");
  const cameras = CAMERAS.filter(({ collector }) => collector === name);
  for (const { id, adapter } of cameras)
    if (adapter === "folder") await mkdir(dropFolder(config, name, id), { recursive: true });
  const settings = {
    central: { url: centralUrl, apiKeyFile },
    dataDir: join(folder, "data"),
    batch: "mall",
    // A town to watch: each reading is on the screen within a second.
    flushMs: 500,
    heartbeatMs: HEARTBEAT_MS,
    listen: { host: "127.0.0.1", port: 0 },
    cameras: cameras.map(({ id, adapter, lat, lon }) => ({
      id,
      adapter,
      location: { lat, lon },
      ...(adapter === "folder" ? { path: dropFolder(config, name, id) } : { token: credentials.tokens[id] }),
    })),
  };
  await writePrivately(apiKeyFile, `${credentials.keys[name]}\n`);
  const path = join(folder, "collector.yaml");
  await writePrivately(path, `${JSON.stringify(settings, null, 2)}\n`);
  return path;
};

type StartOptions = {
  config: Config;
  credentials: Credentials;
  name: CollectorName;
  centralUrl: string;
  guard: Guard;
  /** Called when it ended by itself and is about to be started again. */
  onRestart: (name: CollectorName) => void;
};

/** Starts a collector and waits until it captures; throws DemoError when it does not start at all. */
export const startCollector = async ({
  config,
  credentials,
  name,
  centralUrl,
  guard,
  onRestart,
}: StartOptions): Promise<Collector> => {
  const settings = await writeSettings(config, credentials, name, centralUrl);
  const stopped = new AbortController();
  let port: number | null = null;
  let running: Running;
  const start = () => {
    running = startProcess({
      name: `collector-${name.toLowerCase()}`,
      script: "packages/edge/src/main.ts",
      args: ["--config", settings],
      environment: config.childEnvironment,
      logs: config.paths.logs,
      guard,
      onLine: ({ message, port: chosen }) => {
        if (message === "capturing" && typeof chosen === "number") port = chosen;
      },
    });
    return running.exited;
  };
  const keepRunning = async (exited: Running["exited"]) => {
    await exited;
    while (!stopped.signal.aborted) {
      port = null;
      onRestart(name);
      await delay(RESTART_MS);
      if (!stopped.signal.aborted) await start();
    }
  };
  const exited = start();
  const endMs = Date.now() + START_MS;
  const failed = exited.then(({ lastWords }) => {
    throw new DemoError(lastWords || `The collector ${name} stopped; its log is in ${config.paths.logs}.`);
  });
  failed.catch(() => undefined);
  const ready = async () => {
    while (port === null && Date.now() < endMs) await delay(50);
    if (port === null) throw new DemoError(`The collector ${name} did not start; its log is in ${config.paths.logs}.`);
  };
  await Promise.race([ready(), failed]);
  const keeping = keepRunning(exited);
  return {
    name,
    port: () => port,
    stop: async () => {
      stopped.abort();
      await running.stop(STOP_MS);
      await keeping;
    },
  };
};
