/**
 * The simulated town: starts central and three collectors as processes, sets them up, and feeds them with traffic.
 * Rule: everything goes through public doors, nothing is mixed with real data, and nothing is left running.
 */
import { setTimeout as delay } from "node:timers/promises";
import { USAGE, readConfig } from "./config.ts";
import type { Config } from "./config.ts";
import { DemoError, reasonOf } from "./failure.ts";
import { takePictures } from "./pictures/picture.ts";
import { play } from "./play.ts";
import { uploadHistory } from "./run/archive.ts";
import { checkKey, startCentral } from "./run/central.ts";
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
import { COLLECTORS } from "./town/cameras.ts";
import { createVehicles } from "./town/vehicles.ts";

/** Type stripping and the syntax of these files need it; the repository carries Node 24. */
const NODE_MAJOR_MIN = 22;
/** Without --seed everybody gets the same town, so that documentation and conversation can name its cars. */
const SEED_DEFAULT = 1;
/** Central drains and stops its database within ten seconds, usually within one. */
const CENTRAL_STOP_MS = 10_000;

type Town = ReturnType<typeof createVehicles> & { config: Config; credentials: Credentials; central: CentralServer };

/** Accounts, keys and lists of a first start, or the check that the kept ones still fit. */
const settle = async (config: Config, kept: Credentials | null, central: CentralServer): Promise<Credentials> => {
  if (kept) {
    await checkKey(central, kept.keys.North, config.dataDir);
    return kept;
  }
  const seed = config.seed ?? SEED_DEFAULT;
  const credentials = await createAccounts(config, seed);
  await createLists(config, createVehicles(seed).watched);
  await saveCredentials(config, credentials);
  return credentials;
};

const startCollectors = (
  { config, credentials, central }: Town,
  guard: Guard,
  uplink: Forwarder,
): Promise<Collector[]> =>
  Promise.all(
    COLLECTORS.map((name) =>
      startCollector({
        config,
        credentials,
        name,
        centralUrl: name === "Bridge" ? `http://127.0.0.1:${uplink.port}` : central.url,
        guard,
        onRestart: () => say(`  The collector ${name} ended unexpectedly and is started again.`),
      }),
    ),
  );

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

/** The demo from start to stop. Resources close in reverse order: traffic, collectors, uplink, central, guard. */
const run = async (config: Config): Promise<void> => {
  const kept = await readState(config);
  await markDirectory(config);
  const stop = new AbortController();
  stopOnSignals(stop);
  await using stack = new AsyncDisposableStack();
  const guard = startGuard(config.childEnvironment);
  stack.defer(() => guard.close());
  say(kept ? "  Starting the simulated town…" : "  Building the simulated town; the first start takes a few seconds…");
  const central = await startCentral(config, guard);
  stack.defer(() => central.stop(CENTRAL_STOP_MS));
  const credentials = await settle(config, kept, central);
  const town: Town = { config, credentials, central, ...createVehicles(credentials.seed) };
  const uplink = await openForwarder(central);
  stack.use(uplink);
  const collectors = await startCollectors(town, guard, uplink);
  stack.defer(async () => {
    await Promise.all(collectors.map((collector) => collector.stop()));
  });
  if (stop.signal.aborted) return;
  banner(central.url, credentials, Date.now()).forEach(say);
  offerCodes(credentials.accounts, stop.signal);
  const centralEnded = central.exited.then(({ lastWords, code }) => {
    if (stop.signal.aborted) return;
    stop.abort();
    throw new DemoError(
      `Central ended unexpectedly, so the town stops. ${lastWords || `Its log is ${config.paths.logs}/central.log.`}`,
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

const main = async (): Promise<void> => {
  if (Number(process.versions.node.split(".", 1)[0]) < NODE_MAJOR_MIN) {
    throw new DemoError(`This is Node ${process.versions.node}: run me through npm (npm start).`);
  }
  const config = readConfig();
  if (config === "help") say(USAGE);
  else await run(config);
};

try {
  await main();
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = error instanceof DemoError ? error.exitCode : 1;
}
