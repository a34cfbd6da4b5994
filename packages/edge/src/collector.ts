/**
 * The collector as a whole: cameras fill the buffer, and the buffer goes to central.
 * Rule: each part runs on its own and starts again by itself; only a FatalError ends the collector.
 */
import { uptime } from "node:os";
import { openBuffer, type DetectionBuffer } from "./buffer.ts";
import type { Camera, Sighting } from "./cameras/camera.ts";
import { createFolderCamera } from "./cameras/folder.ts";
import { openPushCamera, openPushListener, type PushCamera } from "./cameras/hikvision/push.ts";
import { createCentral } from "./central.ts";
import { createCentralTime, createSystemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { FatalError, reasonOf } from "./failure.ts";
import { createHeartbeat } from "./heartbeat.ts";
import type { Log } from "./log.ts";
import { createPruner } from "./receipts.ts";
import { fullJitterMs, pause } from "./retry.ts";
import { createUploader, type Uploader } from "./uploader.ts";

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

const capture = async (
  camera: Camera,
  buffer: DetectionBuffer,
  uploader: Uploader,
  log: Log,
  signal: AbortSignal,
): Promise<void> => {
  for await (const sighting of camera.sightings(signal)) {
    const { stored, bytes } = await addWhenPossible(buffer, sighting, log, signal);
    // Leaving here without asking for the next sighting keeps this one where it came from.
    if (!stored) return;
    if (bytes > 0) uploader.noteAdded(bytes);
  }
};

/** Aborted `DRAIN_MS` after the signal. */
const deadlineAfter = (signal: AbortSignal): AbortSignal => {
  const deadline = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => deadline.abort(), DRAIN_MS).unref(), { once: true });
  return deadline.signal;
};

/**
 * Runs a collector until the signal is aborted; then what is under way is finished, within 10 s.
 * @throws FatalError when it cannot run at all
 */
export const runCollector = async (config: Config, version: string, log: Log, stop: AbortSignal): Promise<void> => {
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const clock = createSystemClock();
  const centralTime = createCentralTime(clock);
  const central = createCentral({ ...config.central, version }, clock, centralTime, deadlineAfter(signal));
  const { dataDir } = config;
  await using buffer = await openBuffer(dataDir, clock);

  const cameras: Camera[] = [];
  const pushCameras: PushCamera[] = [];
  for (const { location = null, ...camera } of config.cameras) {
    const common = { location, clock, central: centralTime, log };
    if (camera.adapter === "folder") {
      cameras.push(createFolderCamera({ ...camera, ...common }));
    } else {
      const pushCamera = await openPushCamera({ ...camera, ...common, dataDir });
      pushCameras.push(pushCamera);
      cameras.push(pushCamera);
    }
  }
  await using listener = pushCameras.length > 0 ? await openPushListener(config.listen, pushCameras, log) : null;

  const uptimeMs = uptime() * 1_000;
  const uploader = createUploader({ buffer, central, clock, trigger: config.batch, log, uptimeMs });
  const { heartbeatMs: intervalMs } = config;
  const { setPace } = uploader;
  const heartbeat = createHeartbeat({
    version,
    dataDir,
    intervalMs,
    buffer,
    cameras,
    central,
    centralTime,
    clock,
    setPace,
    log,
  });
  const pruner = createPruner({ buffer, central, clock, offsetMs: centralTime.offsetMs, log });
  log.info({ cameras: cameras.map(({ id }) => id), ...(listener && { port: listener.port }) }, "capturing");

  const parts: Record<string, () => Promise<void>> = {
    uploader: () => uploader.run(signal),
    heartbeat: () => heartbeat.run(signal),
    pruner: () => pruner.run(signal),
  };
  for (const camera of cameras) parts[`camera ${camera.id}`] = () => capture(camera, buffer, uploader, log, signal);
  const running = Object.entries(parts).map(([part, run]) => keepRunning(part, log, signal, run));
  try {
    await Promise.all(running);
  } finally {
    failed.abort();
    await Promise.allSettled(running);
  }
};
