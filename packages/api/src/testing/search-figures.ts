/**
 * Measures every kind of search, and the same questions on the shape of comparable systems. Started by scripts/bench/search.ts
 * with rows and a seed; prints one JSON figure, or the samples of one, a line.
 * Rule: a real central on its own embedded PostgreSQL, its settings as users have them; gone without a trace.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "@chaverim/db/embedded";
import { openDatabase } from "@chaverim/db/open";
import { addCollector } from "../collectors/keys.ts";
import { readConfig } from "../config.ts";
import { silentLog } from "../log.ts";
import { openCentral } from "../open-central.ts";
import { aDetection, sendBatch } from "./batches.ts";
import { type Bench, WARM_UP, createFigures, timeAll, withWarmUp } from "./search-figures/figures.ts";
import { measureDoor } from "./search-figures/measure-door.ts";
import { measurePeer } from "./search-figures/measure-peer.ts";
import { measurePlates } from "./search-figures/measure-plates.ts";
import { measureSearch } from "./search-figures/measure-search.ts";
import { seedPeer, seedTraffic } from "./search-figures/seed.ts";
import { createRandom, neverSeenPlate, plateOf, regularsOf } from "./search-figures/traffic.ts";

/** As many rows as a collector sends at once, and as many batches. */
const BATCH = 50;
const BATCHES = 200;

const [rows = 1_000_000, seed = 1, withPeer = 1] = process.argv.slice(2).map(Number);

/** What a batch without pictures costs on top of so many rows: half of its plates are known, half are new. */
const measureIngest = async ({ owner, central, figures }: Bench): Promise<void> => {
  const { apiKey } = await addCollector(owner, "Figures", null);
  const random = createRandom(seed);
  const regulars = regularsOf(rows);
  const batches = Array.from({ length: BATCHES + WARM_UP }, (_, batch) =>
    Array.from({ length: BATCH }, (_row, row) =>
      aDetection({
        plate: row % 2 === 0 ? plateOf(Math.floor(regulars * random())) : neverSeenPlate(batch * BATCH + row),
        cameraId: `${row % 10}`,
      }),
    ),
  );
  const { items, warmUp } = withWarmUp(batches);
  const { samples } = await timeAll(items, warmUp, async (batch) => {
    const { status } = await sendBatch(central.origins.publicUrl, apiKey, batch);
    if (status !== 200) throw new Error(`A batch was answered with ${status}.`);
  });
  figures.samples(
    "ingest, a row",
    samples.map((ms) => ms / BATCH),
  );
};

const measureSizes = async ({ owner, figures }: Bench): Promise<void> => {
  const sizes = await owner<{ name: string; bytes: number }[]>`
    select coalesce(p.relname, c.relname) as name, sum(pg_relation_size(c.oid))::float8 as bytes
    from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
    where c.relkind in ('r', 'i') and coalesce(p.relname, c.relname) ~ '^(plates|detections|evidence_images)' group by 1 order by 1`;
  for (const { name, bytes } of sizes) figures.value("size", name, bytes / 1e6, "MB");
};

const dataDir = await mkdtemp(join(tmpdir(), "chaverim-bench-search-"));
try {
  await using embedded = await openEmbedded(dataDir, "server");
  const { url, ownerUrl } = embedded;
  const config = { ...readConfig({}), dataDir, port: 0, databaseUrl: url, databaseOwnerUrl: ownerUrl };
  await using opened = await openCentral(config, silentLog);
  const { central } = opened;
  await using owner = openDatabase(ownerUrl, { applicationName: "chaverim-bench", max: 2 });
  await using loader = openDatabase(ownerUrl, { applicationName: "chaverim-bench", max: 1 });
  // Loading a year takes minutes: the limits of a running server are not for this one connection.
  await loader.sql`set statement_timeout = 0`;
  const endMs = Date.now();
  const seeded = await seedTraffic(loader.sql, rows, seed, endMs);
  const figures = createFigures({ rows, seed, warm: true });
  // What lies there is said once, with the time that it took.
  const loading = createFigures({ rows, seed, ...seeded.counts });
  loading.value("seed", "duration", (seeded.detectionsMs + seeded.besideMs) / 1000, "s");
  loading.value("seed", "beside detections", seeded.besideMs / 1000, "s");
  const bench = { central, sql: central.database.sql, owner: owner.sql, rows, seed, figures };
  await measureSearch(bench);
  await measurePlates(bench);
  await measureDoor(bench);
  await measureIngest(bench);
  await measureSizes(bench);
  if (withPeer === 1) {
    await seedPeer(loader.sql, rows, seed, endMs);
    await measurePeer(bench, loader.sql);
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
