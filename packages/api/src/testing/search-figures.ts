/**
 * Measures every kind of search, and the same questions on the shape of comparable systems. Started by scripts/bench/search.ts
 * with rows and a seed; prints one JSON figure a line.
 * Rule: a real central on its own embedded PostgreSQL, its settings as users have them; gone without a trace.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "@chaverim/db/embedded";
import { type Sql, openDatabase } from "@chaverim/db/open";
import { addCollector } from "../collectors/keys.ts";
import { readConfig } from "../config.ts";
import { readRecent } from "../detections/recent.ts";
import { readTimeline } from "../detections/timeline.ts";
import { silentLog } from "../log.ts";
import { openCentral } from "../open-central.ts";
import { readRoute } from "../plates/route.ts";
import { searchPlates } from "../plates/search.ts";
import { readSeenWith } from "../plates/seen-with.ts";
import { aDetection, sendBatch } from "./batches.ts";
import { type Browser, aUser, openBrowser, signInAs, statePurpose } from "./people.ts";
import { peerFuzzy, peerLiveFeed, peerSubstring } from "./search-figures/peer.ts";
import { KIND_NAMES, type Question, makeQuestions } from "./search-figures/questions.ts";
import { seedPeer, seedTraffic } from "./search-figures/seed.ts";
import { BUSY_PLATES, CONVOYS, busyPlate, convoyPlates, plateOf, regularsOf } from "./search-figures/traffic.ts";

/** Questions behind each percentile; the hard search and the peer's answer in seconds, and get fewer. */
const ASKED = 300;
const ASKED_SLOWLY = 30;
const ASKED_OF_PEER = 5;
const WARM_UP = 20;
/** As many rows as a collector sends at once, and as many batches. */
const BATCH = 50;
const BATCHES = 200;
/** What a screen shows at first. */
const PAGE = 25;
const TIMELINE = 1000;
/** Recall is counted among as many hits as people look at. */
const LOOKED_AT = 10;
const EVERYTHING = { role: "operator" as const, area: null };

const [rows = 1_000_000, seed = 1, withPeer = 1] = process.argv.slice(2).map(Number);

const print = (figure: Record<string, unknown>): void =>
  void process.stdout.write(`${JSON.stringify({ ...figure, context: { rows } })}\n`);

const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

const report = (name: string, samples: readonly number[]): void => {
  for (const [metric, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
    ["p99", 0.99],
  ] as const)
    print({ case: name, metric, value: percentile(samples, share), unit: "ms", n: samples.length });
};

const share = (name: string, metric: string, found: number, of: number): void =>
  print({ case: name, metric, value: of === 0 ? Number.NaN : found / of, unit: "share", n: of });

const time = async <T>(run: () => Promise<T>): Promise<{ ms: number; answer: T }> => {
  const startedAt = performance.now();
  const answer = await run();
  return { ms: performance.now() - startedAt, answer };
};

/** Asks one after the other, as one person does. */
const timeAll = async <Item, T>(items: readonly Item[], run: (item: Item) => Promise<T>) => {
  for (const item of items.slice(0, WARM_UP)) await run(item);
  const samples: number[] = [];
  const answers: T[] = [];
  for (const item of items) {
    const { ms, answer } = await time(() => run(item));
    samples.push(ms);
    answers.push(answer);
  }
  return { samples, answers };
};

const search = (sql: Sql, { text, way }: Question, limit = PAGE) =>
  searchPlates(sql, { plate: text, way, filters: {}, limit }, EVERYTHING);

/** Every kind of search with its recall. @returns the samples of each kind */
const measureKinds = async (sql: Sql): Promise<Map<string, number[]>> => {
  const measured = new Map<string, number[]>();
  for (const [index, kind] of KIND_NAMES.entries()) {
    const count = kind === "harder" ? ASKED_SLOWLY * 2 : ASKED;
    const questions = makeQuestions(kind, count, regularsOf(rows), seed + index);
    const { samples, answers } = await timeAll(questions, (question) => search(sql, question));
    report(kind, samples);
    measured.set(kind, samples);
    const isAmong = (limit: number) =>
      answers.filter(({ hits }, place) => hits.slice(0, limit).some(({ plate }) => plate === questions[place]?.target))
        .length;
    share(kind, "recall@1", isAmong(1), count);
    share(kind, `recall@${LOOKED_AT}`, isAmong(LOOKED_AT), count);
    if (kind === "harder") {
      const whole = await Promise.all(questions.slice(0, ASKED_SLOWLY).map((question) => search(sql, question, 5000)));
      const found = whole.filter(({ hits }, place) => hits.some(({ plate }) => plate === questions[place]?.target));
      share(kind, "recall", found.length, whole.length);
    }
  }
  return measured;
};

const measurePlates = async (sql: Sql): Promise<number[]> => {
  const busy = Array.from({ length: ASKED }, (_, index) => busyPlate(index % BUSY_PLATES));
  const timeline = await timeAll(busy, (plate) => readTimeline(sql, { plate, limit: TIMELINE }, EVERYTHING));
  report("timeline", timeline.samples);
  const regular = Array.from({ length: ASKED }, (_, index) => plateOf(index * 7));
  report("route", (await timeAll(regular, (plate) => readRoute(sql, { plate }, EVERYTHING))).samples);
  const leaders = Array.from({ length: CONVOYS }, (_, index) => convoyPlates(index));
  const seenWith = await timeAll(leaders, ([plate]) => readSeenWith(sql, { plate }));
  report("seen-with", seenWith.samples);
  const met = seenWith.answers.filter((companions, index) =>
    companions.some(({ plate }) => plate === leaders[index]?.[1]),
  );
  share("seen-with", "recall", met.length, leaders.length);
  const feed = await timeAll(busy, () => readRecent(sql, { limit: PAGE }, EVERYTHING));
  report("live-feed", feed.samples);
  return feed.samples;
};

/** The same questions on the peer's shape, as ratios of the medians. */
const measurePeer = async (owner: Sql, ours: ReadonlyMap<string, readonly number[]>, feed: readonly number[]) => {
  await seedPeer(owner, rows, seed, Date.now());
  const compare = (name: string, mine: readonly number[], theirs: readonly number[]): void => {
    report(`${name}, peer`, theirs);
    print({
      case: `${name}, peer / ours`,
      metric: "p50",
      value: percentile(theirs, 0.5) / percentile(mine, 0.5),
      unit: "ratio",
      n: theirs.length,
    });
  };
  const few = (kind: string) => makeQuestions(kind, ASKED_OF_PEER, regularsOf(rows), seed);
  const timed = async (questions: readonly Question[], run: (text: string) => Promise<unknown>) => {
    const samples: number[] = [];
    for (const { text } of questions) samples.push((await time(() => run(text))).ms);
    return samples;
  };
  compare("live-feed", feed, await timed(few("exact"), () => peerLiveFeed(owner)));
  compare(
    "substring",
    ours.get("substring") ?? [],
    await timed(few("substring"), (text) => peerSubstring(owner, text)),
  );
  compare("fuzzy", ours.get("fuzzy") ?? [], await timed(few("fuzzy"), (text) => peerFuzzy(owner, text)));
};

/** What a browser waits for: the door with session, limits, purpose and access log, and the answer as JSON. */
const measureDoor = async (
  browser: Browser,
  ours: ReadonlyMap<string, readonly number[]>,
  calm: () => Promise<void>,
) => {
  for (const kind of ["exact", "look-alike", "wildcard", "substring", "fuzzy"]) {
    const questions = makeQuestions(kind, ASKED, regularsOf(rows), seed + 100);
    const samples: number[] = [];
    for (const { text, way } of questions) {
      await calm();
      samples.push((await time(() => browser.trpc.detections.search.query({ plate: text, way }))).ms);
    }
    report(`${kind}, over tRPC`, samples);
    const value = percentile(samples, 0.95) / percentile(ours.get(kind) ?? [], 0.95);
    print({ case: `${kind}, over tRPC / SQL`, metric: "p95", value, unit: "ratio" });
  }
};

/** What a batch without pictures costs on top of so many rows: half of its plates are known, half are new. */
const measureIngest = async ({ sql, url }: { sql: Sql; url: string }): Promise<void> => {
  const { apiKey } = await addCollector(sql, "Figures", null);
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH }, (_row, row) =>
      aDetection({
        plate: row % 2 === 0 ? plateOf(batch * BATCH + row) : `NEW${batch * BATCH + row}`,
        cameraId: `${row % 10}`,
      }),
    ),
  );
  const { samples } = await timeAll(batches, async (batch) => {
    const { status } = await sendBatch(url, apiKey, batch);
    if (status !== 200) throw new Error(`A batch was answered with ${status}.`);
  });
  report(
    "ingest, a row",
    // The first ones are those that warmed it up, sent again.
    samples.slice(WARM_UP).map((ms) => ms / BATCH),
  );
};

const measureSizes = async (owner: Sql): Promise<void> => {
  const sizes = await owner<{ name: string; bytes: number }[]>`
    select coalesce(p.relname, c.relname) as name, sum(pg_relation_size(c.oid))::float8 as bytes
    from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
    where c.relkind in ('r', 'i') and coalesce(p.relname, c.relname) ~ '^(plates|detections)' group by 1 order by 1`;
  for (const { name, bytes } of sizes) print({ case: "size", metric: name, value: bytes / 1e6, unit: "MB" });
};

const dataDir = await mkdtemp(join(tmpdir(), "chaverim-bench-search-"));
try {
  await using embedded = await openEmbedded(dataDir, "server");
  const { url, ownerUrl } = embedded;
  const config = { ...readConfig({}), dataDir, port: 0, databaseUrl: url, databaseOwnerUrl: ownerUrl };
  await using opened = await openCentral(config, silentLog);
  const { central } = opened;
  await using owner = openDatabase(ownerUrl, { applicationName: "chaverim-bench", max: 2 });
  // Loading a year takes minutes: the limits of a running server are not for it.
  await owner.sql`alter role current_user set statement_timeout = 0`;
  await using loader = openDatabase(ownerUrl, { applicationName: "chaverim-bench", max: 1 });
  const loading = await time(() => seedTraffic(loader.sql, rows, seed, Date.now()));
  print({ case: "seed", metric: "duration", value: loading.ms / 1000, unit: "s" });
  const { sql } = central.database;
  const kinds = await measureKinds(sql);
  const feed = await measurePlates(sql);
  const user = await aUser(central, "operator", { email: `${randomUUID()}@example.org` });
  await using browser = openBrowser(central.origins.publicUrl);
  await signInAs(browser, user);
  await statePurpose(central, browser);
  await measureDoor(browser, kinds, () => central.limits.forget("search", user.id));
  await measureIngest({ sql: owner.sql, url: central.origins.publicUrl });
  await measureSizes(owner.sql);
  if (withPeer === 1) await measurePeer(loader.sql, kinds, feed);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
