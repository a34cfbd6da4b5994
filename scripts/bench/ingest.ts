/**
 * How fast a batch of 50 detections with 2 images each is taken over HTTP, and what limits it.
 * Rule: everything that it is compared with (COPY, raw fsync) runs on the same disk and database in the same run.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openEmbedded } from "@chaverim/db/embedded";
import { type Database, openDatabase } from "@chaverim/db/open";
import { BATCH, CROP_BYTES, type Device, FULL_BYTES, aBatch, createDevice, introduce, sendBatch } from "./batches.ts";
import { type BenchCentral, openBenchCentral } from "./central.ts";
import { measureFresh } from "./ingest-fresh.ts";
import { measureMemory } from "./ingest-memory.ts";
import { type Report, percentile } from "./report.ts";

/** The first batches pay for plans, partitions and new directories. */
const WARM_UP = 10;
/** Folders of the evidence store, by the first byte of the hash. */
const FOLDERS = 256;

type Sender = { central: BenchCentral; apiKey: string; device?: Device };

const sendMany = async (
  { central, apiKey, device }: Sender,
  batches: number,
  withImages: boolean,
): Promise<number[]> => {
  const send = () => sendBatch(central.url, apiKey, aBatch(withImages), device);
  for (let index = 0; index < WARM_UP; index++) await send();
  const samples: number[] = [];
  for (let index = 0; index < batches; index++) samples.push(await send());
  return samples;
};

/** Plain COPY of the rows that a batch becomes, into tables of the same shape and indexes, one commit per batch. */
const copyMany = async ({ sql }: Database, batches: number): Promise<number[]> => {
  await sql`create table bench_detections (like detections including all)`;
  await sql`create table bench_payloads (like evidence_payloads including all)`;
  try {
    const samples: number[] = [];
    for (let index = 0; index < batches; index++) {
      const { detections } = aBatch(false);
      const camera = randomUUID();
      const now = new Date().toISOString();
      const rows = detections.map((detection) => {
        const { text, confidence } = detection["plate"] as { text: string; confidence: number };
        return [
          detection["id"],
          text,
          detection["capturedAt"],
          detection["capturedAt"],
          now,
          camera,
          camera,
          text,
          confidence,
          "\\N",
          JSON.stringify(detection["vehicle"]),
          "\\N",
          "f",
          "f",
          "unsigned",
          "f",
        ].join("\t");
      });
      const payloads = detections.map((detection) => {
        const payload = JSON.stringify(detection);
        const hash = createHash("sha256").update(payload).digest("hex");
        return [
          detection["id"],
          camera,
          payload,
          `\\\\x${hash}`,
          "\\N",
          0,
          "\\N",
          now,
          (detection["plate"] as { text: string }).text,
          detection["capturedAt"],
        ].join("\t");
      });
      const startedAt = performance.now();
      await sql.begin(async (transaction) => {
        await pipeline(
          Readable.from([`${rows.join("\n")}\n`]),
          await transaction`copy bench_detections from stdin`.writable(),
        );
        await pipeline(
          Readable.from([`${payloads.join("\n")}\n`]),
          await transaction`copy bench_payloads from stdin`.writable(),
        );
      });
      samples.push(performance.now() - startedAt);
    }
    return samples;
  } finally {
    await sql`drop table bench_detections, bench_payloads`;
  }
};

/** One small write and fsync: what the disk takes to promise anything at all. */
const fsyncMany = async (directory: string, times: number): Promise<number[]> => {
  await mkdir(directory, { recursive: true });
  const path = join(directory, "fsync");
  const file = await open(path, "w");
  const samples: number[] = [];
  for (let index = 0; index < times; index++) {
    await file.write(randomBytes(4096), 0, 4096, index * 4096);
    const startedAt = performance.now();
    await file.sync();
    samples.push(performance.now() - startedAt);
  }
  await file.close();
  await rm(path);
  return samples;
};

/** Seconds per batch on the server, from the sum and count of its histogram. */
const serverTime = async (central: BenchCentral): Promise<{ sum: number; count: number }> => {
  const page = await (await fetch(`${central.url}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(page)?.[1] ?? 0);
  return { sum: read("alpr_ingest_batch_seconds_sum"), count: read("alpr_ingest_batch_seconds_count") };
};

const mean = (samples: readonly number[]): number => samples.reduce((sum, sample) => sum + sample, 0) / samples.length;

/** What a batch has to have made durable: each file, each folder that got a name, and the database's log. */
const fsyncsNeeded = (): number => {
  const files = BATCH * 2;
  return files + FOLDERS * (1 - (1 - 1 / FOLDERS) ** files) + 1;
};

const reportSamples = (report: Report, name: string, samples: readonly number[], context?: Record<string, unknown>) => {
  for (const [metric, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
  ] as const)
    report({
      case: name,
      metric,
      value: percentile(samples, share),
      unit: "ms",
      n: samples.length,
      ...(context ? { context } : {}),
    });
};

/** Batch after batch on one connection, beside COPY of the same rows and fsync of the same disk. */
const benchBatches = async (
  report: Report,
  central: BenchCentral,
  database: Database,
  batches: number,
): Promise<void> => {
  const { apiKey = "" } = await central.alpr("collector", "add", "--name", "Bench");
  const { apiKey: signingKey = "" } = await central.alpr("collector", "add", "--name", "Signing");
  const device = createDevice();
  await introduce(central.url, signingKey, device);
  const fsync = await fsyncMany(join(central.dataDir, "bench"), batches);
  const before = await serverTime(central);
  const withImages = await sendMany({ central, apiKey }, batches, true);
  const after = await serverTime(central);
  const withoutImages = await sendMany({ central, apiKey }, batches, false);
  const signed = await sendMany({ central, apiKey: signingKey, device }, batches, false);
  const copy = await copyMany(database, batches);

  const cases = {
    "batch with 2 images": withImages,
    "batch without images": withoutImages,
    "batch without images, signed and chained": signed,
    "plain COPY of the rows": copy,
  };
  for (const [name, samples] of Object.entries(cases)) {
    reportSamples(
      report,
      name,
      samples,
      samples === withImages ? { batch: BATCH, full: FULL_BYTES, crop: CROP_BYTES } : undefined,
    );
    report({ case: name, metric: "throughput", value: (BATCH * 1000) / mean(samples), unit: "detections/s" });
  }
  reportSamples(report, "one fsync of 4 KB", fsync);
  const ratios = {
    "throughput with images / plain COPY": mean(copy) / mean(withImages),
    "throughput without images / plain COPY": mean(copy) / mean(withoutImages),
    "signed and chained / unsigned, without images": percentile(signed, 0.5) / percentile(withoutImages, 0.5),
    "batch with 2 images / one fsync": percentile(withImages, 0.5) / percentile(fsync, 0.5),
    "batch with 2 images / as many fsyncs as it needs":
      percentile(withImages, 0.5) / (percentile(fsync, 0.5) * fsyncsNeeded()),
  };
  report({ case: "fsyncs that a batch with 2 images needs", metric: "mean", value: fsyncsNeeded(), unit: "fsyncs" });
  for (const [name, value] of Object.entries(ratios)) report({ case: name, metric: "ratio", value, unit: "ratio" });
  const serverMs = ((after.sum - before.sum) / (after.count - before.count)) * 1000;
  const transactionMs = mean(withoutImages);
  const parts = {
    "receive and hash the body": mean(withImages) - serverMs,
    "what images add: durable files": Math.max(0, serverMs - transactionMs),
    "a batch without images": transactionMs,
  };
  const [limit] = Object.entries(parts).toSorted(([, a], [, b]) => b - a)[0] ?? ["nothing"];
  for (const [name, value] of Object.entries(parts)) {
    const context = name === limit ? { context: { limit: true } } : {};
    report({ case: `of a batch with images: ${name}`, metric: "mean", value, unit: "ms", ...context });
  }
};

const benchFresh = async (report: Report, central: BenchCentral, database: Database): Promise<void> => {
  const { samples, batches } = await measureFresh(central, database);
  reportSamples(report, "POST to alert while another collector drains", samples, { drainedBatches: batches });
};

const benchMemory = async (report: Report, central: BenchCentral): Promise<void> => {
  const { before, most, statuses } = await measureMemory(central);
  const name = "central's memory, 100 bodies of 30 MB at once";
  report({ case: name, metric: "before", value: before, unit: "MB" });
  report({ case: name, metric: "most", value: most, unit: "MB", context: { statuses: JSON.stringify(statuses) } });
};

/** Runs the benchmark: batches and what their time is spent on, an alert during a backlog, and memory. */
export const benchIngest = async (report: Report, options: Map<string, number>): Promise<void> => {
  await using central = await openBenchCentral();
  // The tables of the comparison are made and dropped by the owner.
  const external = process.env["DATABASE_OWNER_URL"] ?? process.env["DATABASE_URL"];
  await using embedded = external ? null : await openEmbedded(central.dataDir, "tool");
  await using database = openDatabase(external ?? embedded?.ownerUrl ?? "", { max: 2 });
  await benchBatches(report, central, database, options.get("batches") ?? 100);
  await benchFresh(report, central, database);
  await benchMemory(report, central);
};
