/**
 * Opens central as a whole: its port, database, keys, evidence, alert engine, application and sockets.
 * Rule: the one way to open it, for the server and for its tests; dispose refuses new work, drains, and closes in reverse.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type RequestListener, type Server, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { openAlertEngine } from "./alerts/engine.ts";
import { createApp } from "./app.ts";
import { createLimits } from "./auth/limits.ts";
import type { Central } from "./central.ts";
import { noteMark } from "./collectors/central-mark.ts";
import { openCollectorKeys } from "./collectors/identify.ts";
import { type Config, ConfigError, isLoopback } from "./config.ts";
import { AppError, toFailure } from "./failure.ts";
import { openKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import { openLive } from "./notify/live.ts";
import { openSockets } from "./notify/sockets.ts";
import { openCentralDatabase } from "./ops/database.ts";
import { startHousekeeping } from "./ops/housekeeping.ts";
import { createMetrics } from "./ops/metrics.ts";
import { assertKeysFit, openEvidence } from "./ops/opening.ts";
import { createPolicy } from "./policy/policy.ts";
import { createLuciaSessions } from "./sessions/lucia-sessions.ts";

/** Batches over a 64 kbit/s line take ten minutes. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
/**
 * A connection on which nothing moves for so long ends, or a collector whose line vanished would keep its places taken: it
 * gives up itself after 30 s, and no query takes longer.
 */
const SILENCE_MS = 40_000;
/** What requests under way may take at the end; the rest of ten seconds belongs to the database. */
const DRAIN_MS = 4000;

const originsOf = (config: Config, port: number): Central["origins"] => {
  const local = ["127.0.0.1", "localhost", "[::1]"].map((host) => `http://${host}:${port}`);
  const publicUrl = config.publicUrl ?? `http://${isLoopback(config.host) ? "127.0.0.1" : config.host}:${port}`;
  const isLocal = isLoopback(new URL(publicUrl).hostname);
  return {
    publicUrl,
    allowed: new Set(isLocal ? [publicUrl, ...local] : [publicUrl]),
    secure: publicUrl.startsWith("https:"),
  };
};

const checkDirectory = async (dataDir: string): Promise<void> => {
  const probe = join(dataDir, `.write-test-${process.pid}`);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(probe, "");
    await rm(probe);
  } catch (cause) {
    throw new ConfigError(
      `${dataDir} cannot be written to (${(cause as NodeJS.ErrnoException).code}): choose another DATA_DIR, or fix its owner.`,
      { cause },
    );
  }
};

const listen = (server: Server, config: Config): Promise<number> =>
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

/** Until everything is open: a request without an answer would hold a collector for the whole of its own time limit. */
const answerStarting: RequestListener = (_request, response) => {
  const starting = new AppError("db_unavailable", "The server is starting. Try again in a moment.", {
    retryAfterSeconds: 1,
  });
  const { status, body } = toFailure(starting, randomUUID());
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Retry-After": starting.retryAfterSeconds,
    "X-Request-Id": body.requestId,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    Connection: "close",
  });
  response.end(JSON.stringify(body));
};

const refuseUpgradeStarting = (_request: IncomingMessage, socket: Duplex): void => {
  socket.end("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
};

/**
 * Follows the server's connections. `drain` takes no new ones, lets what is under way finish, and then cuts what is
 * left: a phone that vanished, an upload over a slow line. Nothing of them may keep the database from closing in order.
 */
const followConnections = (server: Server): { drain: () => Promise<void> } => {
  const open = new Set<Socket>();
  /** Browsers connect in advance; Node does not count a connection as idle before its first request. */
  const unused = new Set<Socket>();
  const used = ({ socket }: IncomingMessage): void => void unused.delete(socket);
  server.on("request", used).on("upgrade", used);
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    unused.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      unused.delete(socket);
    });
  });
  const cut = (sockets: ReadonlySet<Socket>): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    drain: () =>
      new Promise((resolve) => {
        const timer = setTimeout(cut, DRAIN_MS, open);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
        cut(unused);
      }),
  };
};

/**
 * Opens everything in order and listens.
 * @throws ConfigError, EmbeddedError, MigrationError with a sentence for whoever starts it
 */
export const openCentral = async (config: Config, log: Log): Promise<AsyncDisposable & { central: Central }> => {
  await checkDirectory(config.dataDir);
  await using opening = new AsyncDisposableStack();
  const closing = new AbortController();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }).setTimeout(SILENCE_MS);
  const connections = followConnections(server);
  server.on("request", answerStarting).on("upgrade", refuseUpgradeStarting);
  // The port first: a taken one is told before a database is started for nothing.
  const port = await listen(server, config);
  opening.defer(() => connections.drain());
  const database = opening.use(await openCentralDatabase(config, "server"));
  const keys = await openKeys(join(config.dataDir, "keys"), true);
  await assertKeysFit(database, keys);
  await noteMark(database.sql, config.dataDir, log);
  const store = opening.use(await openEvidence(config, log));
  const metrics = createMetrics(database.sql);
  const live = opening.use(await openLive(database.sql, log));
  opening.use(await openAlertEngine(database, log, metrics));
  const policy = createPolicy(database.sql);
  const collectorKeys = opening.use(await openCollectorKeys({ database, policy, log }));
  opening.use(startHousekeeping({ config, database, policy, log }));
  const central: Central = {
    config,
    origins: originsOf(config, port),
    log,
    database,
    store,
    keys,
    sessions: createLuciaSessions(database.sql, policy),
    policy,
    limits: createLimits(),
    collectorKeys,
    live,
    metrics,
    closing: closing.signal,
  };
  server.off("request", answerStarting).on("request", createApp(central));
  server.off("upgrade", refuseUpgradeStarting);
  const sockets = openSockets(central, server);
  log.info(
    {
      url: central.origins.publicUrl,
      evidence: store.kind,
      tamper_resistant: store.tamperResistant,
      database_login: database.isOwnersLogin ? "owner" : "own",
    },
    "listening",
  );
  const rest = opening.move();
  return {
    central,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      const drained = connections.drain();
      await sockets[Symbol.asyncDispose]();
      await drained;
      await rest.disposeAsync();
    },
  };
};
