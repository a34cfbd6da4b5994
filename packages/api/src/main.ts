/**
 * The central server: opens everything in order, says where it listens, and closes everything in reverse.
 * Rule: a mistake of the person who starts it is one clear sentence and exit code 78; a signal drains within ten seconds.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { EmbeddedError } from "@chaverim/db/embedded";
import { MigrationError } from "@chaverim/db/migrate";
import { openAlertEngine } from "./alerts/engine.ts";
import { createApp } from "./app.ts";
import { createSetupToken, isSetupNeeded } from "./auth/setup.ts";
import { createLimits } from "./auth/limits.ts";
import { createSessions } from "./auth/sessions.ts";
import type { Central } from "./central.ts";
import { type Config, ConfigError, isLoopback, readConfig } from "./config.ts";
import { openKeys } from "./keys.ts";
import { type Log, createLog } from "./log.ts";
import { openLive } from "./notify/live.ts";
import { openSockets } from "./notify/sockets.ts";
import { openCentralDatabase } from "./ops/database.ts";
import { startHousekeeping } from "./ops/housekeeping.ts";
import { createMetrics } from "./ops/metrics.ts";
import { assertKeysFit, openEvidence } from "./ops/opening.ts";

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
/** What a shutdown may take in all; then the process ends whatever still hangs. */
const DRAIN_MS = 9000;
/** Batches over a 64 kbit/s line take ten minutes. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;

const originsOf = (config: Config, port: number): Central["origins"] => {
  const local = ["127.0.0.1", "localhost", "[::1]"].map((host) => `http://${host}:${port}`);
  const publicUrl = config.publicUrl ?? `http://${isLoopback(config.host) ? "127.0.0.1" : config.host}:${port}`;
  const isLocal = isLoopback(new URL(publicUrl).hostname);
  return { publicUrl, allowed: new Set(isLocal ? [publicUrl, ...local] : [publicUrl]), secure: publicUrl.startsWith("https:") };
};

const checkDirectory = async (dataDir: string): Promise<void> => {
  const probe = join(dataDir, `.write-test-${process.pid}`);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(probe, "");
    await rm(probe);
  } catch (cause) {
    throw new ConfigError(`${dataDir} cannot be written to (${(cause as NodeJS.ErrnoException).code}): choose another DATA_DIR, or fix its owner.`, { cause });
  }
};

const listen = (server: ReturnType<typeof createServer>, config: Config): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? `Port ${config.port} is taken: stop the program that uses it, or set PORT to another one.`
          : `${config.host}:${config.port} cannot be listened on (${error.code}): check HOST and PORT.`;
      reject(new ConfigError(reason, { cause: error }));
    });
    server.listen(config.port, config.host, () => resolve((server.address() as AddressInfo).port));
  });

/** Resolves with the first signal; a second one ends the process at once. */
const untilSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      process.once("SIGINT", () => process.exit(130));
      resolve(signal);
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });

const printSetupLink = async (central: Central): Promise<void> => {
  if (!(await isSetupNeeded(central))) return;
  const token = await createSetupToken(central);
  process.stderr.write(`\nNobody has an account yet. Set up the first administrator here (once, within a day):\n\n  ${central.origins.publicUrl}/setup#${token}\n\n`);
};

const serve = async (config: Config, log: Log): Promise<void> => {
  await checkDirectory(config.dataDir);
  const closing = new AbortController();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS });
  // The port first: a taken one is told before a database is started for nothing.
  const port = await listen(server, config);
  const signal = untilSignal();
  await using database = await openCentralDatabase(config, "server");
  const keys = await openKeys(join(config.dataDir, "keys"));
  await assertKeysFit(database, keys);
  await using store = await openEvidence(config, log);
  const metrics = createMetrics(database.sql);
  await using live = await openLive(database.sql, log);
  await using engine = await openAlertEngine(database, log, metrics);
  await using housekeeping = startHousekeeping(database, log);
  const central: Central = {
    config,
    origins: originsOf(config, port),
    log,
    database,
    store,
    keys,
    sessions: createSessions(database.sql),
    limits: createLimits(),
    live,
    metrics,
    closing: closing.signal,
  };
  server.on("request", createApp(central));
  await using sockets = openSockets(central, server);
  log.info({ url: central.origins.publicUrl, evidence: store.kind, tamper_resistant: store.tamperResistant }, "listening");
  await printSetupLink(central);

  log.info({ signal: await signal }, "shutting down");
  setTimeout(() => {
    log.error({}, "shutdown took too long");
    process.exit(1);
  }, DRAIN_MS).unref();
  closing.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await sockets[Symbol.asyncDispose]();
  server.closeIdleConnections();
  await closed;
  await housekeeping[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
};

const major = Number(process.versions.node.split(".")[0]);
if (major < 22) {
  process.stderr.write(`This is Node ${process.versions.node}. Run me through npm (npm start or npm run serve), which brings its own Node.\n`);
  process.exit(EXIT_CONFIG);
}
try {
  const config = readConfig();
  if (process.argv.includes("--check-config")) {
    process.stdout.write("configuration ok\n");
  } else {
    await serve(config, createLog(config.logLevel));
  }
} catch (error) {
  const isForPeople = error instanceof ConfigError || error instanceof EmbeddedError || error instanceof MigrationError;
  process.stderr.write(isForPeople ? `${error.message}\n` : `The server could not start: ${(error as Error).stack}\n`);
  process.exit(isForPeople ? EXIT_CONFIG : 1);
}
process.exit(0);
