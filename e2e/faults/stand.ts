/**
 * Central, its database, two collectors and the lines between them, built anew for each experiment.
 * Rule: whatever is dropped is written into the history first; the history is what the checker believes.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres, { type Sql } from "postgres";
import { type Account, type Central, addAdministrator, operate, startCentral } from "../support/central.ts";
import {
  type Collector,
  type Dropped,
  type Site,
  CAMERA,
  countWaiting,
  dropDetection,
  prepareSite,
} from "../support/collector.ts";
import { type Cluster, initialiseCluster, openCluster } from "../support/postgres.ts";
import { freePort, temporaryFolder } from "../support/processes.ts";
import { type Proxy, openProxy } from "../support/proxy.ts";
import { createRandom } from "../support/random.ts";
import { type Holdings, holdingsOfFolder } from "./holdings.ts";
import { type Generated, detectionOf, isWatched, plateOf } from "./workload.ts";

/** A batch leaves half a second after its first row: faults meet many batches, and small ones. */
const FLUSH_MS = 500;
/** Detections that are sent before anything is broken; what central needs then is its baseline. */
const WARM_UP = 20;

/** `rounds`: how often the fault strikes; `seconds`: how long it lasts where it lasts. */
export type Size = { detections: number; rounds: number; seconds: number };

/** Folders that are disks of their own, and the environment beyond the usual. */
export type Places = {
  evidence?: string;
  cluster?: string;
  /** The buffers of the two collectors. */
  buffers?: readonly [string, string];
  /** The checkout that everything is started from at first, for its version; its template is made with it. */
  root?: string;
  /** Of central and its database. */
  environment?: Record<string, string>;
  /** What the evidence store holds, when it is not the folder below central's data. */
  holdings?: (dataDir: () => string) => Holdings;
  /** Called when everything of the stand has ended. */
  release: () => void | Promise<void>;
};

export type Station = {
  name: string;
  site: Site;
  proxy: Proxy;
  collectorId: string;
  collector: () => Collector;
  /** `root`: another checkout, for its version. */
  start: (environment?: Record<string, string>, root?: string) => Promise<void>;
  kill: () => Promise<void>;
  /** SIGTERM, and its end. */
  stop: () => Promise<void>;
  /** Goes on with another key; the settings are read at the next start. */
  useKey: (apiKey: string) => void;
};

export type History = {
  generated: Generated[];
  faults: { at: number; what: string }[];
  /** Sentences of the experiment's own invariants that did not hold. */
  problems: string[];
  /** Elements that central is expected to hold in quarantine. */
  quarantined: number;
  /** How often central was given an older copy of its database. */
  restores: number;
  /** Pictures that may be missing, by SHA-256: given up by a full disk, and told. */
  given: Set<string>;
};

export type Usage = { rssMb: number; descriptors: number };

export type Stand = AsyncDisposable & {
  seed: number;
  random: () => number;
  folder: string;
  dataDir: string;
  cluster: Cluster;
  sql: Sql;
  environment: Record<string, string>;
  account: Account;
  /** The key and the id of a collector that is no program of ours: `fetch` and sockets. */
  script: { apiKey: string; collectorId: string };
  stations: readonly [Station, Station];
  history: History;
  /** What the evidence store holds. */
  holdings: Holdings;
  baseline: Usage;
  central: () => Central;
  /** Everything that every central of this experiment has printed. */
  centralOutput: () => string;
  /** `root`: another checkout, for its version. */
  startCentral: (root?: string) => Promise<void>;
  killCentral: () => Promise<void>;
  /** Central's address, whichever process is behind it. */
  url: string;
  usage: () => Usage;
  /** The next detection of the workload, for an experiment that sends it itself; untimed, the collector gives it its time. */
  next: (station: string, isTimed?: boolean) => Dropped;
  /** Drops the next detections, in turn at both stations; `perSecond` slows it down. */
  feed: (count: number, perSecond?: number) => Promise<void>;
  /** Notes that a fault was injected. */
  fault: (what: string) => void;
  /** Notes a broken invariant. */
  expect: (holds: boolean, sentence: string) => void;
  /** Waits until everything that was generated is at central; false when it is not in time. */
  settled: (withinMs?: number) => Promise<boolean>;
};

export type Template = {
  folder: string;
  account: Account;
  collectors: Record<string, { apiKey: string; id: string }>;
};

/** Makes once what every experiment begins with: a migrated database, keys, an administrator, three collectors. */
export const makeTemplate = async (root?: string): Promise<Template> => {
  const folder = temporaryFolder("faults-template");
  const dataDir = join(folder, "central");
  initialiseCluster(join(folder, "cluster"));
  const cluster = await openCluster(join(folder, "cluster"));
  await cluster.start();
  const environment = { DATABASE_URL: cluster.url };
  const central = await startCentral(dataDir, undefined, environment, root);
  const account = await addAdministrator(dataDir, environment, root);
  const run = (...args: string[]) => operate(dataDir, args, undefined, environment, root);
  const collectors: Template["collectors"] = {};
  for (const name of ["North", "South", "Script"]) {
    const { apiKey = "", id = "" } = await run("collector", "add", "--name", name);
    collectors[name] = { apiKey, id };
    await run("camera", "approve", "--collector", name, "--id", CAMERA);
  }
  central.signal("SIGTERM");
  await central.exited;
  await cluster.stop("fast");
  return { folder, account, collectors };
};

/** Resident memory and open descriptors of a process. */
const usageOf = (pid: number): Usage => ({
  rssMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024),
  descriptors: readdirSync(`/proc/${pid}/fd`).length,
});

/** Written before central starts, which reads its lists then. */
const watch = async (sql: Sql, detections: number): Promise<void> => {
  const plates = Array.from({ length: detections }, (_, place) => place)
    .filter(isWatched)
    .map(plateOf);
  await sql`insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
    select (select id from watchlists limit 1), plate, plate, 'watched in this experiment', 'exact', now() + interval '30 days'
    from jsonb_array_elements_text(${JSON.stringify(plates)}::text::jsonb) as plate`;
};

const openStation = async (
  stand: { folder: string; port: number; random: () => number; buffer: string | undefined },
  name: string,
  { apiKey, id }: { apiKey: string; id: string },
): Promise<Station> => {
  const proxy = await openProxy(stand.port, stand.random);
  const settings = { flushMs: FLUSH_MS, ...(stand.buffer === undefined ? {} : { dataDir: stand.buffer }) };
  const folder = join(stand.folder, name);
  const prepare = (key: string): Site => {
    const site = prepareSite(folder, { url: proxy.url, apiKey: key }, settings);
    return stand.buffer === undefined ? site : { ...site, buffer: stand.buffer };
  };
  let site = prepare(apiKey);
  let collector: Collector | null = null;
  const current = (): Collector => {
    if (!collector) throw new Error(`${name} was never started.`);
    return collector;
  };
  return {
    name,
    site,
    proxy,
    collectorId: id,
    collector: current,
    start: async (environment, root) => {
      collector = await site.start(environment, root);
    },
    kill: () => current().kill(),
    stop: async () => {
      current().signal("SIGTERM");
      await current().exited;
    },
    useKey: (key) => {
      site = prepare(key);
    },
  };
};

/** Says whether a query failed because the database was just away; the next one may find it. */
const isAway = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^(CONNECT|ECONN|57P|08|53)/.test(String(error.code));

/** With modes and times, which PostgreSQL is strict about, into a folder that may be there already; and on the disk for good. */
const copy = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  execFileSync("cp", ["-a", `${from}/.`, to]);
  execFileSync("sync", ["-f", to]);
};

/** Builds everything and warms it up. */
export const openStand = async (template: Template, seed: number, size: Size, places: Places): Promise<Stand> => {
  const folder = temporaryFolder("faults");
  // Closed in reverse, also when something on the way to an open stand fails.
  await using opening = new AsyncDisposableStack();
  opening.defer(async () => {
    await places.release();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const dataDir = join(folder, "central");
  copy(join(template.folder, "central"), dataDir);
  if (places.evidence !== undefined) {
    rmSync(join(dataDir, "evidence"), { recursive: true, force: true });
    // A link: the store follows it, and the disk keeps its own place.
    symlinkSync(places.evidence, join(dataDir, "evidence"));
  }
  const clusterFolder = places.cluster ?? join(folder, "cluster");
  copy(join(template.folder, "cluster"), clusterFolder);
  const cluster = await openCluster(clusterFolder, places.environment);
  opening.defer(() => cluster.kill());
  await cluster.start();
  const sql = postgres(cluster.url, { max: 2, idle_timeout: 1, fetch_types: false, onnotice: () => undefined });
  // What experiments send beside the workload's own share, a batch or two a round, included.
  opening.defer(() => sql.end({ timeout: 1 }));
  await watch(sql, size.detections + WARM_UP + size.rounds * 30);

  const random = createRandom(seed);
  const port = await freePort();
  // Hundreds of starts: what Node compiles is kept for the next one.
  const compiled = { NODE_COMPILE_CACHE: join(template.folder, "compiled") };
  const environment = { DATABASE_URL: cluster.url, ...compiled, ...places.environment };
  let central: Central | null = null;
  let outputBefore = "";
  const running = (): Central => {
    if (!central) throw new Error("Central was never started.");
    return central;
  };
  const start = async (root?: string): Promise<void> => {
    outputBefore += central?.output() ?? "";
    central = null;
    central = await startCentral(dataDir, port, environment, root);
  };
  opening.defer(async () => central?.kill());
  await start(places.root);

  const history: History = { generated: [], faults: [], problems: [], quarantined: 0, restores: 0, given: new Set() };
  const buffers = places.buffers ?? [undefined, undefined];
  const open = (name: string, buffer: string | undefined) => {
    const known = template.collectors[name];
    if (!known) throw new Error(`The template has no ${name}.`);
    mkdirSync(join(folder, name), { recursive: true });
    return openStation({ folder, port, random, buffer }, name, known);
  };
  const stations = [await open("North", buffers[0]), await open("South", buffers[1])] as const;
  for (const station of stations) {
    opening.defer(() => station.proxy[Symbol.asyncDispose]());
    await station.start({}, places.root);
    opening.defer(() => station.kill());
  }

  const next = (station: string, isTimed = true): Dropped => {
    const place = history.generated.length;
    const detection = detectionOf(seed, place);
    const pictures = detection.pictures.map(({ role, sha256, bytes }) => ({ role, sha256, bytes: bytes.length }));
    const { plate } = detection;
    const capturedAt = isTimed ? detection.capturedAt : null;
    const noted = { plate, capturedAt, station, isWatched: isWatched(place), pictures, droppedAt: Date.now() };
    history.generated.push(noted);
    return detection;
  };
  const feed = async (count: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> => {
    const startedAt = performance.now();
    for (let fed = 0; fed < count; fed++) {
      const station = stations[fed % 2 === 0 ? 0 : 1];
      const detection = next(station.name);
      await dropDetection(station.site, detection.plate, detection);
      const aheadMs = (fed / perSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs > 0) await sleep(aheadMs);
    }
  };
  const isSettled = async (): Promise<boolean> => {
    if (stations.some(({ site }) => countWaiting(site) > 0)) return false;
    const pictures = history.generated.reduce((sum, generated) => sum + generated.pictures.length, 0);
    const [held] = await sql<{ detections: number; pictures: number; jobs: number }[]>`
      select (select count(*)::int from detections) as detections, (select count(*)::int from evidence_images) as pictures,
        (select count(*)::int from outbox) as jobs`;
    const wanted = pictures - history.given.size;
    return held?.detections === history.generated.length && held.pictures >= wanted && held.jobs === 0;
  };
  /** Two minutes for what waits out a pause of a minute, and 20 ms for each detection, several times what it takes. */
  const settled = async (withinMs = 120_000 + size.detections * 20): Promise<boolean> => {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(100)) {
      try {
        if (await isSettled()) return true;
      } catch (error) {
        if (!isAway(error)) throw error;
      }
    }
    return false;
  };

  const stand: Stand = {
    seed,
    random,
    folder,
    dataDir,
    cluster,
    sql,
    environment,
    account: template.account,
    script: {
      apiKey: template.collectors["Script"]?.apiKey ?? "",
      collectorId: template.collectors["Script"]?.id ?? "",
    },
    stations,
    history,
    holdings: places.holdings?.(() => dataDir) ?? holdingsOfFolder(dataDir),
    baseline: { rssMb: 0, descriptors: 0 },
    central: running,
    centralOutput: () => outputBefore + running().output(),
    startCentral: start,
    killCentral: () => running().kill(),
    url: `http://127.0.0.1:${port}`,
    usage: () => usageOf(running().pid),
    next,
    feed,
    fault: (what) => void history.faults.push({ at: Date.now(), what }),
    expect: (holds, sentence) => {
      if (!holds) history.problems.push(sentence);
    },
    settled,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
  await feed(WARM_UP);
  if (!(await settled()))
    throw new Error(
      `The warm-up did not arrive: ${stations
        .map((station) => station.collector().output())
        .join("")
        .slice(-2000)}`,
    );
  stand.baseline = stand.usage();
  const rest = opening.move();
  return stand;
};
