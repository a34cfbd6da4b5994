/**
 * How fast a batch of 50 detections with 2 images each is taken over HTTP, and what limits it.
 * Rule: everything that it is compared with (COPY, raw fsync) runs on the same disk and database in the same run.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openEmbedded } from "@chaverim/db/embedded";
import { type Database, openDatabase } from "@chaverim/db/open";
import { type BenchCentral, openBenchCentral } from "./central.ts";
import { type Report, percentile } from "./report.ts";

/** The owner's batch: 50 detections, a full scene of 80 KB and a crop of 20 KB each. */
const BATCH = 50;
const FULL_BYTES = 80 * 1024;
const CROP_BYTES = 20 * 1024;
/** The first batches pay for plans, partitions and new directories. */
const WARM_UP = 10;

/** One connection that stays open, as a collector's does. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

type Image = { name: string; bytes: Buffer<ArrayBuffer> };
type Batch = { detections: Record<string, unknown>[]; images: Image[] };

const uuidV7 = (): string => {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};

const aJpeg = (size: number): Buffer<ArrayBuffer> => {
  const bytes = Buffer.from(randomBytes(size));
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
};

const declare = (role: string, bytes: Buffer) => ({
  role,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: bytes.length,
  mime: "image/jpeg",
});

let count = 0;
const aBatch = (withImages: boolean): Batch => {
  const batch: Batch = { detections: [], images: [] };
  for (let index = 0; index < BATCH; index++) {
    const full = aJpeg(withImages ? FULL_BYTES : 4);
    const crop = aJpeg(withImages ? CROP_BYTES : 4);
    batch.detections.push({
      id: uuidV7(),
      cameraId: `camera-${index % 10}`,
      // Days apart, so that the dictionary sees repeats and the 30-second rule is asked but seldom applies.
      capturedAt: new Date(Date.now() - (count % 7) * 86_400_000 - index * 1000).toISOString(),
      clock: { source: "collector", synced: true, offsetMs: 0, bootId: "bench", monotonicMs: count },
      plate: { text: `B${String((count++ * 7919) % 20_000).padStart(6, "0")}`, confidence: 0.9 },
      vehicle: { make: "Benchmark", color: "white", direction: "forward" },
      vendor: { name: "bench", eventId: String(count) },
      images: withImages ? [declare("full", full), declare("crop", crop)] : [],
    });
    if (withImages)
      batch.images.push({ name: `image_${index}_full`, bytes: full }, { name: `image_${index}_crop`, bytes: crop });
  }
  return batch;
};

/** The body is made before the clock starts: what a collector spends on it is not central's time. */
const toBody = ({ detections, images }: Batch): { body: Buffer; type: string } => {
  const boundary = `bench-${randomUUID()}`;
  const part = (name: string, type: string, bytes: Buffer) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ];
  const parts = [
    ...part("detections", "application/json", Buffer.from(JSON.stringify(detections))),
    ...images.flatMap(({ name, bytes }) => part(name, "image/jpeg", bytes)),
    Buffer.from(`--${boundary}--\r\n`),
  ];
  return { body: Buffer.concat(parts), type: `multipart/form-data; boundary=${boundary}` };
};

const post = (
  url: string,
  headers: Record<string, string | number>,
  body: Buffer,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers, agent }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    sent.once("error", reject).end(body);
  });

const send = async (central: BenchCentral, key: string, batch: Batch): Promise<number> => {
  const { body, type } = toBody(batch);
  const headers = { "X-API-Key": key, "Content-Type": type, "Content-Length": body.length };
  const startedAt = performance.now();
  const { status, text: answer } = await post(`${central.url}/api/v1/detections/batch`, headers, body);
  const took = performance.now() - startedAt;
  const { results } = JSON.parse(answer) as { results?: { status: string }[] };
  if (status !== 200 || !results?.every((result) => result.status === "stored"))
    throw new Error(`a batch was not stored: ${status} ${answer.slice(0, 200)}`);
  return took;
};

const sendMany = async (
  central: BenchCentral,
  key: string,
  batches: number,
  withImages: boolean,
): Promise<number[]> => {
  for (let index = 0; index < WARM_UP; index++) await send(central, key, aBatch(withImages));
  const samples: number[] = [];
  for (let index = 0; index < batches; index++) samples.push(await send(central, key, aBatch(withImages)));
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

/** Runs the benchmark: batches with images, batches without, COPY and fsync, and says what the time is spent on. */
export const benchIngest = async (report: Report, options: Map<string, number>): Promise<void> => {
  const batches = options.get("batches") ?? 100;
  await using central = await openBenchCentral();
  const { apiKey = "" } = await central.alpr("collector", "add", "--name", "Bench");
  const fsync = await fsyncMany(join(central.dataDir, "bench"), batches);
  const before = await serverTime(central);
  const withImages = await sendMany(central, apiKey, batches, true);
  const after = await serverTime(central);
  const withoutImages = await sendMany(central, apiKey, batches, false);
  // The tables of the comparison are made and dropped by the owner.
  const external = process.env["DATABASE_OWNER_URL"] ?? process.env["DATABASE_URL"];
  await using embedded = external ? null : await openEmbedded(central.dataDir, "tool");
  await using database = openDatabase(external ?? embedded?.ownerUrl ?? "", { max: 1 });
  const copy = await copyMany(database, batches);

  const context = { batch: BATCH, full: FULL_BYTES, crop: CROP_BYTES };
  const cases = {
    "batch with 2 images": withImages,
    "batch without images": withoutImages,
    "plain COPY of the rows": copy,
    "one fsync of 4 KB": fsync,
  };
  for (const [name, samples] of Object.entries(cases)) {
    for (const [metric, share] of [
      ["p50", 0.5],
      ["p95", 0.95],
    ] as const) {
      report({
        case: name,
        metric,
        value: percentile(samples, share),
        unit: "ms",
        n: samples.length,
        ...(samples === withImages ? { context } : {}),
      });
    }
    if (samples !== fsync)
      report({ case: name, metric: "throughput", value: (BATCH * 1000) / mean(samples), unit: "detections/s" });
  }
  const serverMs = ((after.sum - before.sum) / (after.count - before.count)) * 1000;
  const receiveMs = mean(withImages) - serverMs;
  const transactionMs = mean(withoutImages);
  const imagesMs = Math.max(0, serverMs - transactionMs);
  report({
    case: "throughput with images / plain COPY",
    metric: "ratio",
    value: mean(copy) / mean(withImages),
    unit: "ratio",
  });
  report({
    case: "throughput without images / plain COPY",
    metric: "ratio",
    value: mean(copy) / mean(withoutImages),
    unit: "ratio",
  });
  report({
    case: "batch with 2 images / one fsync",
    metric: "ratio",
    value: percentile(withImages, 0.5) / percentile(fsync, 0.5),
    unit: "ratio",
  });
  const parts = {
    "receive and hash the body": receiveMs,
    "make the images durable": imagesMs,
    "transaction and answer": transactionMs,
  };
  const [limit] = Object.entries(parts).toSorted(([, a], [, b]) => b - a)[0] ?? ["nothing"];
  for (const [name, value] of Object.entries(parts)) {
    report({
      case: `of a batch with images: ${name}`,
      metric: "mean",
      value,
      unit: "ms",
      ...(name === limit ? { context: { limit: true } } : {}),
    });
  }
};
