/**
 * Tells central every minute how the collector is, signed, and takes the pace, commands and what is held that come back.
 * Rule: a heartbeat never waits for the queue and the queue never waits for a heartbeat.
 */
import { PROTOCOL_VERSION, heartbeatResponseSchema, type Heartbeat, type Pace } from "@chaverim/contracts";
import * as mini from "zod/mini";
import type { DetectionBuffer } from "./buffer.ts";
import type { Camera } from "./cameras/camera.ts";
import { readJson, type Central } from "./central.ts";
import type { CentralTime, Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { createThrottleReader, readDisk, readTemperature } from "./heartbeat-board.ts";
import { createDrainEstimate } from "./heartbeat-drain.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";
import type { Vault } from "./vault.ts";

const HEARTBEAT_TIMEOUT_MS = 10_000;
/** A tenth either way, so that many collectors do not keep step. */
const JITTER = 0.1;

const CENTRAL_EPOCH = "centralEpoch";

/** Each command is read by itself: one of a later version must not cost the pace and the rest. */
const responseSchema = mini.extend(heartbeatResponseSchema, { commands: mini.array(mini.unknown()) });
type HeartbeatAnswer = mini.infer<typeof responseSchema>;
/** When a heartbeat was sent, since boot, and which rows were acknowledged after it. */
type Asked = { monotonicMs: number; ackedSince: ReadonlySet<number> };

type HeartbeatOptions = {
  version: string;
  mode: Config["mode"];
  dataDir: string;
  intervalMs: number;
  buffer: DetectionBuffer;
  cameras: readonly Camera[];
  central: Central;
  centralTime: CentralTime;
  clock: Clock;
  vault: Pick<Vault, "sign" | "publicKeySpki">;
  setPace: (pace: Pace) => void;
  /** Rows are due again that central turned out not to hold. */
  noteAgain: () => void;
  /** Central turned out to be an older copy of itself: everything must be sent again. */
  repeatAll: () => void;
  takeCommands: (collectorId: string | undefined, commands: readonly unknown[]) => void;
  log: Log;
  random?: () => number;
};

export const createHeartbeat = (options: HeartbeatOptions): { run: (signal: AbortSignal) => Promise<void> } => {
  const { buffer, cameras, central, centralTime, clock, vault, log, random = Math.random } = options;
  const startedMs = clock.monotonicMs();
  const readThrottled = createThrottleReader();
  const estimateDrain = createDrainEstimate();
  let problem: string | null = null;

  const readEpoch = (): number | null => {
    const text = buffer.getMeta(CENTRAL_EPOCH);
    return text === null ? null : Number(text);
  };

  const readQueue = (): Heartbeat["buffer"] => {
    const { rows, bytes, oldestAtMs, lowestUnacked, damaged, damagedImages, lanes, imageSecondsLeft } = buffer.stats();
    const waiting = { metadata: lanes.metadata.rows, images: lanes.images.rows };
    const drainSeconds = estimateDrain({ atMs: clock.monotonicMs(), added: buffer.lastSeq(), waiting });
    return {
      rows,
      bytes,
      oldestAt: oldestAtMs === null ? null : new Date(oldestAtMs).toISOString(),
      lowestUnacked,
      damaged,
      damagedImages,
      lanes,
      drainSeconds: drainSeconds === null ? null : Math.round(drainSeconds),
      imageSecondsLeft,
    };
  };

  const compose = async (): Promise<Heartbeat> => ({
    protocol: PROTOCOL_VERSION,
    version: options.version,
    mode: options.mode,
    uptimeSeconds: Math.round((clock.monotonicMs() - startedMs) / 1_000),
    epoch: buffer.epoch,
    lastSeq: buffer.lastSeq(),
    buffer: readQueue(),
    sacrificed: buffer.sacrificed(),
    disk: await readDisk(options.dataDir),
    temperature: await readTemperature(),
    throttled: await readThrottled(),
    clock: { now: new Date(clock.nowMs()).toISOString(), offsetMs: centralTime.offsetMs(), bootId: clock.bootId },
    deviceKey: vault.publicKeySpki,
    centralEpoch: readEpoch(),
    cameras: cameras.map((camera) => ({ cameraId: camera.id, ...camera.status() })),
  });

  /**
   * Notes central's epoch; returns whether central was restored since the last one. A lower one is not believed: it is how a
   * central that was restored from an older copy of itself is found out.
   */
  const hearEpoch = (centralEpoch: number): boolean => {
    const known = readEpoch();
    if (centralEpoch <= (known ?? Number.NEGATIVE_INFINITY)) return false;
    // What is to be repeated is noted before the epoch is: the other way round, a power cut in between would lose it.
    if (known !== null) options.repeatAll();
    buffer.setMeta(CENTRAL_EPOCH, String(centralEpoch));
    log.info({ centralEpoch }, "central has begun an epoch");
    return known !== null;
  };

  /** What central lacks of this epoch is sent again. */
  const resend = (received: NonNullable<HeartbeatAnswer["received"]>, ackedSince: ReadonlySet<number>) => {
    const { epoch, ranges, truncated } = received;
    const rows = buffer.notHeld(epoch, ranges, truncated, ackedSince);
    if (rows === 0) return;
    log.warn({ rows, epoch }, "central does not hold detections that it acknowledged; they are sent again");
    options.noteAgain();
  };

  const obey = ({ serverTime, pace, commands, centralEpoch, received, collectorId }: HeartbeatAnswer, asked: Asked) => {
    centralTime.observe(Date.parse(serverTime), asked.monotonicMs, clock.monotonicMs());
    options.setPace(pace);
    // `received` speaks of numbers of one epoch alone, and not of pictures: after a restore all of it is repeated.
    const isRestored = centralEpoch !== undefined && hearEpoch(centralEpoch);
    if (received && !isRestored) resend(received, asked.ackedSince);
    options.takeCommands(collectorId, commands);
  };

  const beat = async (): Promise<void> => {
    const text = JSON.stringify(await compose());
    using acknowledged = buffer.watchAcknowledged();
    const asked = { monotonicMs: clock.monotonicMs(), ackedSince: acknowledged.seqs };
    const answer = await central({
      method: "POST",
      path: "/api/v1/heartbeat",
      headers: { "X-Signature": vault.sign("heartbeat", text) },
      body: { contentType: "application/json", chunks: [Buffer.from(text)] },
      timeoutMs: HEARTBEAT_TIMEOUT_MS,
    });
    const json = answer.kind === "answered" && answer.status === 200 ? answer.text : "";
    const parsed = responseSchema.safeParse(readJson(json));
    if (!parsed.success) {
      const reason = answer.kind === "answered" ? `status ${answer.status}` : answer.reason;
      if (problem !== reason) log.warn({ reason }, "the heartbeat was not taken");
      problem = reason;
      return;
    }
    problem = null;
    obey(parsed.data, asked);
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
