/**
 * Tells central every minute how the collector is, and takes the pace and commands that come back.
 * Rule: a heartbeat never waits for the queue and the queue never waits for a heartbeat.
 */
import { readFile, statfs } from "node:fs/promises";
import { PROTOCOL_VERSION, heartbeatResponseSchema, type Heartbeat, type Pace } from "@chaverim/contracts";
import type { DetectionBuffer } from "./buffer.ts";
import type { Camera } from "./cameras/camera.ts";
import { readJson, type Central } from "./central.ts";
import type { CentralTime, Clock } from "./clock.ts";
import { codeOf } from "./failure.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";

const HEARTBEAT_TIMEOUT_MS = 10_000;
/** A tenth either way, so that many collectors do not keep step. */
const JITTER = 0.1;

type HeartbeatOptions = {
  version: string;
  dataDir: string;
  intervalMs: number;
  buffer: DetectionBuffer;
  cameras: readonly Camera[];
  central: Central;
  centralTime: CentralTime;
  clock: Clock;
  setPace: (pace: Pace) => void;
  log: Log;
  random?: () => number;
};

/** Degrees Celsius of the board; null where it has no sensor. The kernel says thousandths. */
const readTemperature = async (): Promise<number | null> => {
  try {
    const text = await readFile("/sys/class/thermal/thermal_zone0/temp", "utf8");
    return /^-?\d+\s*$/.test(text) ? Number(text) / 1_000 : null;
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
};

const readDisk = async (path: string): Promise<Heartbeat["disk"]> => {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
};

export const createHeartbeat = (options: HeartbeatOptions): { run: (signal: AbortSignal) => Promise<void> } => {
  const { buffer, cameras, central, centralTime, clock, log, random = Math.random } = options;
  const startedMs = clock.monotonicMs();
  const seenCommands = new Set<string>();
  let problem: string | null = null;

  const compose = async (): Promise<Heartbeat> => {
    const { rows, bytes, oldestAtMs, damaged } = buffer.stats();
    return {
      protocol: PROTOCOL_VERSION,
      version: options.version,
      uptimeSeconds: Math.round((clock.monotonicMs() - startedMs) / 1_000),
      epoch: buffer.epoch,
      lastSeq: buffer.lastSeq(),
      buffer: { rows, bytes, oldestAt: oldestAtMs === null ? null : new Date(oldestAtMs).toISOString(), damaged },
      disk: await readDisk(options.dataDir),
      temperature: await readTemperature(),
      clock: { now: new Date(clock.nowMs()).toISOString(), offsetMs: centralTime.offsetMs(), bootId: clock.bootId },
      cameras: cameras.map((camera) => ({ cameraId: camera.id, ...camera.status() })),
    };
  };

  const beat = async (): Promise<void> => {
    const chunks = [Buffer.from(JSON.stringify(await compose()))];
    const body = { contentType: "application/json", chunks };
    const sentMs = clock.monotonicMs();
    const answer = await central({ method: "POST", path: "/api/v1/heartbeat", body, timeoutMs: HEARTBEAT_TIMEOUT_MS });
    const text = answer.kind === "answered" && answer.status === 200 ? answer.text : "";
    const parsed = heartbeatResponseSchema.safeParse(readJson(text));
    if (!parsed.success) {
      const reason = answer.kind === "answered" ? `status ${answer.status}` : answer.reason;
      if (problem !== reason) log.warn({ reason }, "the heartbeat was not taken");
      problem = reason;
      return;
    }
    problem = null;
    const { serverTime, pace, commands } = parsed.data;
    centralTime.observe(Date.parse(serverTime), sentMs, clock.monotonicMs());
    options.setPace(pace);
    for (const { id, verb } of commands) {
      if (!seenCommands.has(id))
        log.warn({ command: id, verb }, "this version of the collector does not carry out commands");
      seenCommands.add(id);
    }
  };

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        await beat();
        await pause(options.intervalMs * (1 + JITTER * (2 * random() - 1)), signal);
      }
    },
  };
};
