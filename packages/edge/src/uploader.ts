/**
 * Sends what the buffer holds to central for as long as it takes, in two lanes side by side: metadata newest first, so that
 * an alert overtakes any backlog, and images oldest first with what is left of the line.
 * Rule: the metadata lane never waits for an image.
 */
import type { Pace } from "@chaverim/contracts";
import { fillImageBatch, fillMetadataBatch, rowsWithRoom } from "./batch.ts";
import type { DetectionBuffer, DueRow } from "./buffer.ts";
import type { Central } from "./central.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";
import { createLaneContext, createLaneSender } from "./uploader-lane.ts";
import { createLine } from "./uploader-line.ts";
import { createWaker } from "./waker.ts";

/** When a batch is sent: so long after its first row, at so many rows, at so many bytes, whichever is first. */
export type BatchTrigger = { intervalMs: number; rows: number; bytes: number };

/** Boards that start together after a power cut spread over this time. */
const BOOT_SPREAD_MS = 30_000;
const JUST_BOOTED_MS = 2 * 60_000;
/** Central slows a backlog down, not an alert: a fresh detection waits no longer for it than this, or its own interval. */
const PACED_FRESH_MS = 250;
/** A lane that is this late against its own promise hangs. */
const STUCK_MS = 60_000;

export type Uploader = {
  /** Tells that a row of so many bytes was added. */
  noteAdded: (bytes: number) => void;
  /** Rows are due again that nobody has added: sends them. */
  noteAgain: () => void;
  /** Obeys a pace that came with a heartbeat; it also shows that the line is there. */
  setPace: (pace: Pace) => void;
  /** A lane has not moved on when it said it would: not a line that is cut, but a fault of ours. */
  isStuck: () => boolean;
  run: (signal: AbortSignal) => Promise<void>;
};

type UploaderOptions = {
  buffer: DetectionBuffer;
  central: Central;
  clock: Clock;
  trigger: BatchTrigger;
  log: Log;
  /** 0 <= random() < 1 */
  random?: () => number;
  /** How long the machine has been up when the collector starts. */
  uptimeMs: number;
};

export const createUploader = (options: UploaderOptions): Uploader => {
  const { buffer, central, clock, trigger, log, random = Math.random } = options;
  const line = createLine(trigger.bytes);
  const context = createLaneContext(
    { buffer, central, clock, log, random, line },
    { delayMs: 0, maxBatch: trigger.rows, imagesPaused: false },
  );
  const metadata = createLaneSender("metadata", context);
  const images = createLaneSender("images", context);
  const added = createWaker();
  const imagesWaker = createWaker();
  let pending = { rows: 0, bytes: 0, sinceMs: 0 };
  /** Rows may be due that nobody has counted: at start, and whenever a batch could not take everything. */
  let backlog = true;
  /** As much, said while a batch is under way, which knows nothing of it. */
  let backlogMeanwhile = false;
  let imagesWait = true;
  let imagesUnderWay = false;
  /** The images' lane had rows whose detections were due as well: whether they have gone with their images is seen when it is done. */
  let passedOver = false;
  const limits = () => ({ bytes: line.budget(), imageBytes: context.limits.imageBytes });

  /** Images that are due and older than the oldest of these rows. */
  const olderImagesWait = (rows: readonly DueRow[]): boolean => {
    const oldest = Math.min(...rows.map(({ seq }) => seq));
    // Every row of the batch may stand before an older one in no order but this: the first of the lane is the oldest.
    const [first] = buffer.due(1, clock.monotonicMs(), "images");
    return first !== undefined && first.seq < oldest;
  };

  const sendMetadata = async (signal: AbortSignal): Promise<void> => {
    // Newest first: with so many rows it is the fresh ones that go.
    const rowsMax = metadata.pacedMs() > 0 ? Math.max(1, pending.rows) : Number.POSITIVE_INFINITY;
    pending = { rows: 0, bytes: 0, sinceMs: 0 };
    backlogMeanwhile = false;
    const outcome = await metadata.send(
      (rows, more) => {
        const alone = more || imagesUnderWay || context.pace.imagesPaused || line.isSlow() || olderImagesWait(rows);
        return fillMetadataBatch(buffer, rows, limits(), !alone);
      },
      signal,
      (rows) => rows.slice(0, rowsMax),
    );
    if (outcome.passedOver && imagesUnderWay) passedOver = true;
    else if (outcome.passedOver) backlogMeanwhile = true;
    backlog = outcome.kind === "kept" || outcome.more || backlogMeanwhile;
    if (outcome.imagesLeft) imagesWait = true;
    imagesWaker.wake();
  };

  /** Detections may be due that this lane has passed over, or nobody has added. */
  const noteMetadata = () => {
    passedOver = false;
    backlog = true;
    backlogMeanwhile = true;
    added.wake();
  };

  const sendImages = async (signal: AbortSignal): Promise<void> => {
    imagesUnderWay = true;
    // Before, and not after: meanwhile the other lane, or a heartbeat, may say that there are more.
    imagesWait = false;
    try {
      const outcome = await images.send(
        (rows) => fillImageBatch(buffer, rows, limits()),
        signal,
        (rows) => rowsWithRoom(rows, limits()),
      );
      if (outcome.kind === "kept" || outcome.more || outcome.imagesLeft) imagesWait = true;
    } finally {
      imagesUnderWay = false;
      if (passedOver) noteMetadata();
    }
  };

  const wakeBoth = () => {
    added.wake();
    imagesWaker.wake();
  };

  const noteAgain = () => {
    imagesWait = true;
    noteMetadata();
    imagesWaker.wake();
  };

  /** How long it is until a row's own waiting time is over; when one's is, both lanes look what is due. */
  const untilNextAgainMs = (): number => {
    const waitMs = (buffer.nextDueAtMs() ?? Number.POSITIVE_INFINITY) - clock.monotonicMs();
    if (waitMs <= 0) noteAgain();
    return waitMs;
  };

  /** How long the fresh detections can wait, `pacedMs` of it because central asked for a pause. */
  const freshWaitMs = (pacedMs: number): number => {
    if (pending.rows === 0) return Number.POSITIVE_INFINITY;
    const dueAtMs = pending.sinceMs + trigger.intervalMs;
    const latestMs = pending.sinceMs + Math.max(trigger.intervalMs, PACED_FRESH_MS);
    if (pacedMs > 0) return Math.max(dueAtMs, Math.min(latestMs, clock.monotonicMs() + pacedMs)) - clock.monotonicMs();
    const isFull = pending.rows >= trigger.rows || pending.bytes >= trigger.bytes;
    return isFull ? 0 : dueAtMs - clock.monotonicMs();
  };

  /** Waits until a batch is due by age, count or bytes, or a row's own waiting time is over. */
  const untilMetadataDue = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const pacedMs = metadata.pacedMs();
      const againMs = pacedMs > 0 ? Number.POSITIVE_INFINITY : untilNextAgainMs();
      const waitMs = Math.min(freshWaitMs(pacedMs), backlog ? pacedMs : Number.POSITIVE_INFINITY);
      if (signal.aborted || waitMs <= 0) return;
      await metadata.wait(Math.min(waitMs, againMs), signal, added);
    }
  };

  /** Waits until images are due and the line has room for them. */
  const untilImagesDue = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      // While the line is cut the metadata lane alone tries; on a slow one alerts and their backlog come first.
      const blocked = context.pace.imagesPaused || metadata.isLineDown() || (line.isSlow() && backlog);
      const pacedMs = images.pacedMs();
      const againMs = blocked || pacedMs > 0 ? Number.POSITIVE_INFINITY : untilNextAgainMs();
      const isDue = imagesWait && !blocked;
      if (signal.aborted || (isDue && pacedMs <= 0)) return;
      await images.wait(Math.min(againMs, pacedMs > 0 ? pacedMs : Number.POSITIVE_INFINITY), signal, imagesWaker);
    }
  };

  const repeat = async (
    signal: AbortSignal,
    untilDue: (signal: AbortSignal) => Promise<void>,
    send: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    while (!signal.aborted) {
      await untilDue(signal);
      if (!signal.aborted) await send(signal);
    }
  };

  return {
    noteAdded: (bytes) => {
      const sinceMs = pending.rows === 0 ? clock.monotonicMs() : pending.sinceMs;
      pending = { rows: pending.rows + 1, bytes: pending.bytes + bytes, sinceMs };
      added.wake();
    },
    noteAgain,
    setPace: (next) => {
      context.pace = next;
      metadata.lineBack();
      images.lineBack();
      wakeBoth();
    },
    isStuck: () => Math.min(metadata.backByMs(), images.backByMs()) + STUCK_MS < clock.monotonicMs(),
    run: async (signal) => {
      if (options.uptimeMs < JUST_BOOTED_MS) await pause(random() * BOOT_SPREAD_MS, signal);
      // One lane that fails takes the other with it, so that both start again together.
      const failed = new AbortController();
      const both = AbortSignal.any([signal, failed.signal]);
      const lanes = [repeat(both, untilMetadataDue, sendMetadata), repeat(both, untilImagesDue, sendImages)];
      try {
        await Promise.all(lanes);
      } finally {
        failed.abort();
        await Promise.allSettled(lanes);
      }
    },
  };
};
