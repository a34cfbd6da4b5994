/**
 * The simulated town: starts central and three collectors as processes, sets them up, and feeds them with traffic.
 * Rule: everything goes through public doors, nothing is mixed with real data, and nothing is left running.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "./config.ts";
import { DemoError } from "./failure.ts";
import { takePictures } from "./pictures/picture.ts";
import { play } from "./play.ts";
import { uploadHistory } from "./run/archive.ts";
import { checkKey, startCentral, stopLeftDatabase } from "./run/central.ts";
import type { CentralServer } from "./run/central.ts";
import { startCollector } from "./run/collectors.ts";
import type { Collector } from "./run/collectors.ts";
import { feed } from "./run/feeds.ts";
import { openForwarder } from "./run/forwarder.ts";
import type { Forwarder } from "./run/forwarder.ts";
import { createAccounts, createLists } from "./run/operator.ts";
import { startGuard } from "./run/processes.ts";
import type { Guard } from "./run/processes.ts";
import { markDirectory, readState, saveCredentials } from "./run/state.ts";
import type { Credentials } from "./run/state.ts";
import { tellStory } from "./story.ts";
import { banner, offerCodes, say, tell } from "./terminal.ts";
import { CAMERAS, COLLECTORS } from "./town/cameras.ts";
import { createVehicles } from "./town/vehicles.ts";

/** Without --seed everybody gets the same town, so that documentation and conversation can name its cars. */
const SEED_DEFAULT = 1;
/** Central drains and stops its database within ten seconds, usually within one. */
const CENTRAL_STOP_MS = 10_000;

type Town = ReturnType<typeof createVehicles> & { config: Config; credentials: Credentials; central: CentralServer };

/** Accounts and keys: made at a first start, checked at a later one. */
const settle = async (
  config: Config,
  kept: Credentials | null,
  central: CentralServer,
  signal: AbortSignal,
): Promise<Credentials> => {
  if (!kept) return createAccounts(config, config.seed ?? SEED_DEFAULT, signal);
  await checkKey(central, kept.keys.North, config.dataDir);
  return kept;
};

/** Starts the three at once; each is stopped in the end, also when another of them or something else fails meanwhile. */
const startCollectors = (
  { config, credentials, central }: Town,
  guard: Guard,
  uplink: Forwarder,
  closers: (() => unknown)[],
): Promise<Collector[]> => {
  const starting = COLLECTORS.map((name) =>
    startCollector({
      config,
      credentials,
      name,
      centralUrl: name === "Bridge" ? `http://127.0.0.1:${uplink.port}` : central.url,
      guard,
      onRestart: () => say(`  The collector ${name} ended unexpectedly and is started again.`),
    }),
  );
  closers.push(async () => {
    const started = await Promise.allSettled(starting);
    await Promise.all(started.flatMap((one) => (one.status === "fulfilled" ? [one.value.stop()] : [])));
  });
  return Promise.all(starting);
};

/** Runs the traffic until the signal. */
const runTown = async (
  town: Town,
  collectors: readonly Collector[],
  uplink: Forwarder,
  signal: AbortSignal,
): Promise<void> => {
  const { config, credentials, vehicles, watched } = town;
  const startMs = performance.now();
  await play(
    tellStory({ seed: credentials.seed, vehicles, watched }),
    {
      until: async (atMs) => {
        const waitMs = startMs + atMs / config.speed - performance.now();
        if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => undefined);
      },
      pass: async (event) => {
        const at = new Date();
        return feed(config, credentials, collectors, { ...event, at, pictures: await takePictures({ ...event, at }) });
      },
      setUplink: (up) => (up ? uplink.mend() : uplink.cut()),
      tell,
    },
    signal,
  );
};

/** Resolves at the first signal to stop; a second one is left to the system. */
const stopOnSignals = (stop: AbortController): void => {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
};

/** From the first process to the last event; what is opened is noted in `closers`. */
const runUntil = async (
  config: Config,
  kept: Credentials | null,
  stop: AbortController,
  closers: (() => unknown)[],
): Promise<void> => {
  const guard = startGuard(config.childEnvironment);
  closers.push(() => guard.close());
  say(kept ? "  Starting the simulated town…" : "  Building the simulated town; the first start takes a few seconds…");
  const central = await startCentral(config, guard);
  closers.push(() => central.stop(CENTRAL_STOP_MS));
  const credentials = await settle(config, kept, central, stop.signal);
  const town: Town = { config, credentials, central, ...createVehicles(credentials.seed) };
  // Before cameras and lists are ready: whoever reads it needs that long to sign in.
  banner(central.url, credentials, Date.now()).forEach(say);
  offerCodes(credentials.accounts, stop.signal);
  const uplink = await openForwarder(central);
  closers.push(() => uplink.cut());
  const [collectors] = await Promise.all([
    startCollectors(town, guard, uplink, closers),
    kept ? null : createLists(config, town.watched, stop.signal),
  ]);
  // Last, so that a set-up that was interrupted is never taken for a town.
  if (!kept) await saveCredentials(config, credentials);
  if (stop.signal.aborted) return;
  tell(0, `${CAMERAS.length} cameras and ${collectors.length} collectors are running`);
  const centralEnded = central.exited.then(async ({ code, signal }) => {
    if (stop.signal.aborted) return;
    await stopLeftDatabase(config);
    const how = signal ?? `exit code ${code}`;
    throw new DemoError(
      `Central ended unexpectedly (${how}), so the town stops; its log is ${config.paths.logs}/central.log.`,
      code || 1,
    );
  });
  const traffic = Promise.all([
    runTown(town, collectors, uplink, stop.signal),
    uploadHistory(config, credentials, town.vehicles, central.url, stop.signal),
  ]);
  try {
    await Promise.race([traffic, centralEnded]);
  } finally {
    stop.abort();
    say("  Stopping…");
    await traffic.catch(() => undefined);
  }
};

/**
 * Runs the demo until a signal comes. Everything closes in reverse order: traffic, collectors, uplink, central, guard.
 * Throws DemoError for what the person at the terminal can put right.
 */
export const runDemo = async (config: Config): Promise<void> => {
  const kept = await readState(config);
  await markDirectory(config);
  const stop = new AbortController();
  stopOnSignals(stop);
  // Not an AsyncDisposableStack: Node 22 has none.
  const closers: (() => unknown)[] = [];
  try {
    await runUntil(config, kept, stop, closers);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
};
