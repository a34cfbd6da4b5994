/**
 * The collector as a whole: cameras fill the buffer, and the buffer goes to central.
 * Rule: each part runs on its own and starts again by itself; only a FatalError ends the collector.
 */
import { uptime } from "node:os";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import type { Camera, Sighting } from "./cameras/camera.ts";
import { createFolderCamera } from "./cameras/folder.ts";
import { openPushCamera, openPushListener, type PushCamera } from "./cameras/hikvision/push.ts";
import { openKeyRing } from "./central-api-key.ts";
import { forgetCentralIfAsked } from "./central-signing-key.ts";
import { createCentral } from "./central.ts";
import { createCentralTime, createSystemClock, type CentralTime, type Clock } from "./clock.ts";
import { createDeeds } from "./commands-deeds.ts";
import { createCommands } from "./commands.ts";
import type { Config } from "./config.ts";
import { FatalError, reasonOf } from "./failure.ts";
import { createHeartbeat } from "./heartbeat.ts";
import type { LevelledLog, Log, RecentLines } from "./log.ts";
import { createPruner } from "./receipts.ts";
import { createRepeater } from "./repeater.ts";
import { fullJitterMs, pause } from "./retry.ts";
import { createServiceManager, type Supervision } from "./systemd.ts";
import { createUploader, type Uploader } from "./uploader.ts";
import { openVault } from "./vault.ts";

/** A batch that is under way when the collector is told to stop gets this long; everything must be over in 10 s. */
const DRAIN_MS = 8_000;

/** Runs a part until the signal is aborted; whatever it trips over, it starts again, later each time. */
const keepRunning = async (part: string, log: Log, signal: AbortSignal, run: () => Promise<void>): Promise<void> => {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await run();
    } catch (error) {
      if (error instanceof FatalError) throw error;
      log.error({ part, reason: reasonOf(error) }, "a part of the collector failed and starts again");
      await pause(fullJitterMs(failures, Math.random), signal);
    }
  }
};

/** Adds a sighting, waiting as long as the disk cannot take it. Returns its bytes; 0 for a repeat or an aborted wait. */
const addWhenPossible = async (
  buffer: DetectionBuffer,
  sighting: Sighting,
  log: Log,
  signal: AbortSignal,
): Promise<{ stored: boolean; bytes: number }> => {
  for (let failures = 1; ; failures++) {
    try {
      const result = await buffer.add(sighting);
      return { stored: true, bytes: result.kind === "stored" ? result.bytes : 0 };
    } catch (error) {
      log.error({ camera: sighting.reading.cameraId, reason: reasonOf(error) }, "a detection could not be stored yet");
      await pause(fullJitterMs(failures, Math.random), signal);
      if (signal.aborted) return { stored: false, bytes: 0 };
    }
  }
};

type CaptureContext = { buffer: DetectionBuffer; uploader: Uploader; log: Log };

/** Takes what a camera sees into the buffer; `restart` begins with the adapter anew. */
const createCapture = (
  camera: Camera,
  { buffer, uploader, log }: CaptureContext,
): { run: (signal: AbortSignal) => Promise<void>; restart: () => void } => {
  let restarting = new AbortController();

  const capture = async (signal: AbortSignal): Promise<void> => {
    for await (const sighting of camera.sightings(signal)) {
      const { stored, bytes } = await addWhenPossible(buffer, sighting, log, signal);
      // Leaving here without asking for the next sighting keeps this one where it came from.
      if (!stored) return;
      if (bytes > 0) uploader.noteAdded(bytes);
    }
  };

  return {
    restart: () => restarting.abort(),
    run: async (signal) => {
      do {
        restarting = new AbortController();
        await capture(AbortSignal.any([signal, restarting.signal]));
      } while (restarting.signal.aborted && !signal.aborted);
    },
  };
};

/** Aborted `DRAIN_MS` after the signal. */
const deadlineAfter = (signal: AbortSignal): AbortSignal => {
  const deadline = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => deadline.abort(), DRAIN_MS).unref(), { once: true });
  return deadline.signal;
};

type OpenCameras = { cameras: Camera[]; pushCameras: PushCamera[] };

const openCameras = async (
  config: Config,
  common: { clock: Clock; central: CentralTime; log: Log },
): Promise<OpenCameras> => {
  const cameras: Camera[] = [];
  const pushCameras: PushCamera[] = [];
  for (const { location = null, ...camera } of config.cameras) {
    if (camera.adapter === "folder") {
      cameras.push(createFolderCamera({ ...camera, ...common, location }));
    } else {
      const pushCamera = await openPushCamera({ ...camera, ...common, location, dataDir: config.dataDir });
      pushCameras.push(pushCamera);
      cameras.push(pushCamera);
    }
  }
  return { cameras, pushCameras };
};

/** What a process gives its collector. */
export type CollectorProcess = {
  version: string;
  log: LevelledLog;
  recent: RecentLines;
  supervision: Supervision | null;
  /** Ends the collector. */
  stop: AbortSignal;
};

/**
 * Runs a collector until it is told to stop; then what is under way is finished, within 10 s.
 * @throws FatalError when it cannot run at all
 */
export const runCollector = async (
  config: Config,
  { version, log, recent, supervision, stop }: CollectorProcess,
): Promise<void> => {
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const { dataDir, mode } = config;
  const clock = createSystemClock();
  const centralTime = createCentralTime(clock);
  const { offsetMs } = centralTime;
  const centralNowMs = () => {
    const offset = offsetMs();
    return offset === null ? null : clock.nowMs() + offset;
  };
  const vault = await openVault(dataDir);
  await using buffer = await openBuffer(dataDir, clock, { vault, maxBytes: config.maxBytes, log });
  forgetCentralIfAsked(dataDir, buffer, log);
  const keys = openKeyRing(config.central.apiKey, buffer, vault, centralNowMs);
  const central = createCentral({ url: config.central.url, keys, version }, clock, centralTime, deadlineAfter(signal));

  const { cameras, pushCameras } = await openCameras(config, { clock, central: centralTime, log });
  await using listener = pushCameras.length > 0 ? await openPushListener(config.listen, pushCameras, log) : null;

  // Central's own machine starts one collector, not a thousand: it need not wait for the others.
  const uptimeMs = mode === "central" ? Number.POSITIVE_INFINITY : uptime() * 1_000;
  const uploader = createUploader({ buffer, central, clock, trigger: config.batch, log, uptimeMs });
  const { noteAdded, noteAgain, setPace } = uploader;
  const captures = new Map(cameras.map((camera) => [camera.id, createCapture(camera, { buffer, uploader, log })]));
  const restarts = new Map([...captures].map(([id, { restart }]) => [id, restart]));
  const commands = createCommands({
    store: buffer,
    central,
    nowMs: centralNowMs,
    deeds: createDeeds({ buffer, clock, centralTime, keys, log, recent, noteAdded, restarts }),
    onAcked: ({ newKey }) => newKey && keys.change(newKey.sha256),
    log,
  });
  const repeater = createRepeater({ buffer, noteAgain, log });
  const heartbeat = createHeartbeat({
    version,
    mode,
    dataDir,
    intervalMs: config.heartbeatMs,
    buffer,
    cameras,
    central,
    centralTime,
    clock,
    vault,
    setPace,
    noteAgain,
    repeatAll: repeater.repeatAll,
    takeCommands: commands.take,
    log,
  });
  const pruner = createPruner({ buffer, central, clock, log });
  const serviceManager = createServiceManager(supervision, uploader.isStuck, log);
  log.info({ mode, cameras: cameras.map(({ id }) => id), ...(listener && { port: listener.port }) }, "capturing");

  const parts = { uploader, heartbeat, commands, repeater, pruner, "service manager": serviceManager };
  const all = [...Object.entries(parts), ...[...captures].map(([id, each]) => [`camera ${id}`, each] as const)];
  const running = all.map(([part, { run }]) => keepRunning(part, log, signal, () => run(signal)));
  try {
    await Promise.all(running);
  } finally {
    failed.abort();
    await Promise.allSettled(running);
  }
};
