/**
 * What a collector costs and how fast it is: ten cameras on one core, a backlog that drains, detections that become durable.
 * Rule: the collector is the real process in front of a real central, and is measured from outside, by what the kernel counts.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openEmbedded } from "@chaverim/db/embedded";
import { type Database, openDatabase } from "@chaverim/db/open";
import { type BenchCentral, openBenchCentral } from "./central.ts";
import { type Figure, type Report, percentile } from "./report.ts";

const MAIN = fileURLToPath(new URL("../../packages/edge/src/main.ts", import.meta.url));
const ADD = fileURLToPath(new URL("../../packages/edge/src/testing/add.ts", import.meta.url));
const BACKLOG = fileURLToPath(new URL("../../packages/edge/src/testing/backlog.ts", import.meta.url));
const CAMERAS = 10;
/** A scene of 100 to 200 KB and a crop, as these cameras send them. */
const FULL_BYTES = 150_000;
const CROP_BYTES = 20_000;
/** The first seconds pay for compiled code and folders. */
const WARM_UP_S = 10;
/** A fresh detection every two seconds: its latency is one of many, its load is none. */
const FRESH_MS = 2_000;
/** How exactly the moment is known at which central has a detection. */
const LOOK_MS = 25;
/** Linux counts computing in hundredths of a second, whatever its own clock. */
const TICKS = 100;

const temporaryFolder = async (): Promise<AsyncDisposable & { path: string }> => {
  const path = await mkdtemp(join(tmpdir(), "chaverim-bench-edge-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** Runs a script of the collector's; its lines of JSON are figures. */
const runScript = async (script: string, args: readonly string[], report: Report): Promise<void> => {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stdout)) report(JSON.parse(line) as Figure);
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`${script} ended with code ${code}`);
};

type Collector = AsyncDisposable & {
  port: number;
  /** What the kernel has counted so far. */
  read: () => { cpuS: number; peakMb: number; writtenBytes: number; cancelledBytes: number };
};

/** Starts a collector on one core and waits until it captures. */
const startCollector = async (central: BenchCentral, apiKey: string, dataDir: string): Promise<Collector> => {
  const cameras = Array.from({ length: CAMERAS }, (_, n) => ({
    id: `camera-${n}`,
    adapter: "hikvision",
    token: tokenOf(n),
  }));
  const env = {
    PATH: process.env["PATH"],
    CENTRAL_URL: central.url,
    API_KEY: apiKey,
    DATA_DIR: dataDir,
    LISTEN_PORT: "0",
    FLUSH_MS: "200",
    // On central's own machine nobody waits for the others.
    MODE: "central",
    CAMERAS: JSON.stringify(cameras),
  };
  const child = spawn("taskset", ["-c", "0", process.execPath, MAIN], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the collector ended with code ${code}`)));
    lines.on("line", (line) => {
      const { message, port: listening } = JSON.parse(line) as { message: string; port?: number };
      if (message === "capturing" && listening !== undefined) resolve(listening);
    });
  });
  const proc = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, "utf8");
  const number = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  return {
    port,
    read: () => {
      const [user, system] = (proc("stat").split(") ").at(-1) ?? "").split(" ").slice(11, 13).map(Number);
      const io = proc("io");
      return {
        cpuS: ((user ?? Number.NaN) + (system ?? Number.NaN)) / TICKS,
        peakMb: number(proc("status"), "VmHWM") / 1024,
        writtenBytes: number(io, "write_bytes"),
        cancelledBytes: number(io, "cancelled_write_bytes"),
      };
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
};

const tokenOf = (camera: number): string => `bench-camera-${String(camera).padStart(8, "0")}`;

const aJpeg = (size: number): Blob => new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0]), randomBytes(size - 4)]);

let pushes = 0;

/** A camera's own request: the event and its two pictures; returns when the collector says that it has them. */
const push = async (port: number, camera: number, plate: string): Promise<void> => {
  const event = `<?xml version="1.0"?><EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
    <dateTime>${new Date().toISOString()}</dateTime><eventType>ANPR</eventType><eventState>active</eventState>
    <ANPR><licensePlate>${plate}</licensePlate><confidenceLevel>97</confidenceLevel><vehicleType>van</vehicleType></ANPR>
    <UUID>bench-${process.pid}-${pushes++}</UUID></EventNotificationAlert>`;
  const form = new FormData();
  form.append("anpr.xml", new Blob([event]), "anpr.xml");
  form.append("licensePlatePicture.jpg", aJpeg(CROP_BYTES), "licensePlatePicture.jpg");
  form.append("detectionPicture.jpg", aJpeg(FULL_BYTES), "detectionPicture.jpg");
  const response = await fetch(`http://127.0.0.1:${port}/hikvision/${tokenOf(camera)}`, { method: "POST", body: form });
  if (response.status !== 200) throw new Error(`a push was answered ${response.status}`);
  await response.arrayBuffer();
};

const benchSustain = async (report: Report, central: BenchCentral, apiKey: string, seconds: number): Promise<void> => {
  await using folder = await temporaryFolder();
  await using collector = await startCollector(central, apiKey, folder.path);
  let pushed = 0;
  const pushFor = async (forS: number): Promise<void> => {
    const startedMs = performance.now();
    const sending: Promise<void>[] = [];
    for (let n = 0; n < forS * CAMERAS; n++) {
      await sleep(Math.max(0, startedMs + (n * 1_000) / CAMERAS - performance.now()));
      sending.push(push(collector.port, n % CAMERAS, `S${String(pushed++).padStart(6, "0")}`));
    }
    await Promise.all(sending);
  };
  await pushFor(WARM_UP_S);
  const before = collector.read();
  const startedMs = performance.now();
  await pushFor(seconds);
  const tookS = (performance.now() - startedMs) / 1_000;
  const after = collector.read();
  const count = seconds * CAMERAS;
  const pictureBytes = FULL_BYTES + CROP_BYTES;
  const written = (after.writtenBytes - before.writtenBytes) / count;
  const cancelled = (after.cancelledBytes - before.cancelledBytes) / count;
  const name = `sustain: ${CAMERAS} cameras x 1/s`;
  const context = { full: FULL_BYTES, crop: CROP_BYTES, seconds };
  report({
    case: name,
    metric: "cpu",
    value: ((after.cpuS - before.cpuS) / tookS) * 100,
    unit: "% of a core",
    context,
  });
  report({ case: name, metric: "rss peak", value: after.peakMb, unit: "MB" });
  report({ case: name, metric: "written", value: written, unit: "bytes/det.", n: count });
  report({ case: name, metric: "taken back", value: cancelled, unit: "bytes/det.", n: count });
  report({ case: `${name}: written / pictures`, metric: "ratio", value: written / pictureBytes, unit: "ratio" });
  report({ case: `${name}: taken back / pictures`, metric: "ratio", value: cancelled / pictureBytes, unit: "ratio" });
};

/** Milliseconds from a camera's push until central has the detection, in the order of the pushes. */
const watchFresh = async (port: number, { sql }: Database, signal: AbortSignal): Promise<number[]> => {
  const samples: Promise<number>[] = [];
  const one = async (plate: string): Promise<number> => {
    const startedMs = performance.now();
    await push(port, 0, plate);
    while ((await sql`select 1 from detections where plate = ${plate}`).length === 0) await sleep(LOOK_MS);
    return performance.now() - startedMs;
  };
  while (!signal.aborted) {
    samples.push(one(`F${String(samples.length).padStart(6, "0")}`));
    await sleep(FRESH_MS);
  }
  return Promise.all(samples);
};

const benchDrain = async (report: Report, central: BenchCentral, apiKey: string, rows: number): Promise<void> => {
  await using folder = await temporaryFolder();
  await runScript(BACKLOG, [folder.path, String(rows)], report);
  const external = process.env["DATABASE_OWNER_URL"] ?? process.env["DATABASE_URL"];
  await using embedded = external ? null : await openEmbedded(central.dataDir, "tool");
  await using database = openDatabase(external ?? embedded?.ownerUrl ?? "", { max: 4 });
  const { sql } = database;
  const countRows = async () =>
    (await sql<{ n: number }[]>`select count(*)::int n from detections where plate like 'B%'`)[0]?.n;
  await using collector = await startCollector(central, apiKey, folder.path);
  const startedMs = performance.now();
  const cpuBefore = collector.read().cpuS;
  const drained = new AbortController();
  const fresh = watchFresh(collector.port, database, drained.signal);
  while (((await countRows()) ?? 0) < rows) await sleep(500);
  const tookS = (performance.now() - startedMs) / 1_000;
  const { cpuS, peakMb } = collector.read();
  drained.abort();
  const samples = await fresh;
  const name = "drain: a backlog, a tenth of it with pictures";
  report({ case: name, metric: "throughput", value: rows / tookS, unit: "rows/s", n: rows, context: { rows } });
  report({ case: name, metric: "computing", value: ((cpuS - cpuBefore) / rows) * 1_000, unit: "ms/row" });
  report({ case: name, metric: "rss peak", value: peakMb, unit: "MB" });
  for (const [metric, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
  ] as const) {
    const value = percentile(samples, share);
    report({ case: "drain: a fresh detection until central has it", metric, value, unit: "ms", n: samples.length });
  }
};

const ADDED_ROWS = 500;

/** Runs the benchmark: `--rows N` of backlog (default 20,000, up to 600,000), `--seconds N` of cameras (default 60). */
export const benchEdge = async (report: Report, options: Map<string, number>): Promise<void> => {
  {
    await using folder = await temporaryFolder();
    await runScript(ADD, [folder.path, String(ADDED_ROWS)], report);
  }
  await using central = await openBenchCentral();
  for (const [name, bench] of [
    ["Sustain", (apiKey: string) => benchSustain(report, central, apiKey, options.get("seconds") ?? 60)],
    ["Drain", (apiKey: string) => benchDrain(report, central, apiKey, options.get("rows") ?? 20_000)],
  ] as const) {
    const { apiKey = "" } = await central.alpr("collector", "add", "--name", name);
    await bench(apiKey);
  }
};
