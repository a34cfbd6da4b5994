/**
 * Sends what the buffer holds to central, newest first, for as long as it takes.
 * Rule: only central's receipt acknowledges a row; every other answer means "keep it and try again".
 */
import {
  BATCH_ITEMS_MAX,
  batchResponseSchema,
  failureSchema,
  type BatchResponse,
  type BatchResult,
  type ImageRole,
  type Pace,
} from "@chaverim/contracts";
import { batchBody, fillBatch, type Batch, type BatchElement } from "./batch.ts";
import type { DetectionBuffer, Settlement } from "./buffer.ts";
import { readJson, type Central, type CentralAnswer } from "./central.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { fullJitterMs, pause, retryAfterMs } from "./retry.ts";
import { createWaker } from "./waker.ts";

/** When a batch is sent: so long after its first row, at so many rows, at so many bytes, whichever is first. */
export type BatchTrigger = { intervalMs: number; rows: number; bytes: number };

/** A half-open connection is given up after this. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A single row may take longer: 4 bytes a millisecond is 32 kbit/s, the slowest line worth waiting for. */
const SLOW_LINE_BYTES_PER_MS = 4;
/** A batch that took less than this can grow again after it had to shrink. */
const QUICK_ANSWER_MS = 10_000;
/** A key that central refuses may be claimed again; until then one probe every 5 minutes. */
const REFUSED_PROBE_MS = 5 * 60_000;
/** After so many incomplete batches in a row the rows go one by one: something on the line cuts large ones. */
const INCOMPLETE_TRIES = 5;
/** Never smaller than this: one row and one image always go. */
const BATCH_BYTES_MIN = 64 * 1024;
/** Boards that start together after a power cut spread over this time. */
const BOOT_SPREAD_MS = 30_000;
const JUST_BOOTED_MS = 2 * 60_000;

/** What an answer means to the uploader. */
export type Verdict =
  | { kind: "results"; response: BatchResponse }
  /** Ask again later; null: as long as the jitter says. */
  | { kind: "later"; afterMs: number | null; reason: string }
  | { kind: "unreachable"; reason: string; timedOut: boolean }
  | { kind: "refused"; reason: string }
  | { kind: "too_large"; reason: string }
  | { kind: "incomplete"; reason: string };

const failureReason = (status: number, text: string): string => {
  const failure = failureSchema.safeParse(readJson(text));
  return failure.success ? `${failure.data.code}: ${failure.data.message}` : `status ${status}`;
};

/** Reads an answer to a batch of these ids, in their order. */
export const readVerdict = (answer: CentralAnswer, ids: readonly string[], nowMs: number): Verdict => {
  if (answer.kind === "unreachable") return answer;
  const { status, retryAfter, text } = answer;
  if (status === 200) {
    const parsed = batchResponseSchema.safeParse(readJson(text));
    const fits =
      parsed.success &&
      parsed.data.results.length === ids.length &&
      parsed.data.results.every(({ id }, index) => id === ids[index]);
    if (fits) return { kind: "results", response: parsed.data };
    return { kind: "later", afterMs: null, reason: "the answer is not one of central's: is something between us?" };
  }
  const reason = failureReason(status, text);
  switch (status) {
    case 202:
      // Central could not read `detections` at all, which this collector wrote: the line changed it, as with 400.
      return { kind: "incomplete", reason: "central could not read the batch" };
    case 400:
      return { kind: "incomplete", reason };
    case 401:
    case 403:
      return { kind: "refused", reason };
    case 413:
      return { kind: "too_large", reason };
    default:
      return { kind: "later", afterMs: retryAfterMs(retryAfter, nowMs), reason };
  }
};

/** The images that central still wants of a row. Where it does not say, it has only what was sent. */
const missingOf = ({ row, images }: BatchElement, { status, missing }: BatchResult): readonly ImageRole[] => {
  // What is in quarantine is settled as it is: its pictures would have no detection to belong to.
  if (status === "quarantined") return [];
  const sent = new Set(images.map(({ role }) => role));
  return missing ?? row.imagesDue.map(({ role }) => role).filter((role) => !sent.has(role));
};

export type Uploader = {
  /** Tells that a row of so many bytes was added. */
  noteAdded: (bytes: number) => void;
  /** Obeys a pace that came with a heartbeat; it also shows that the line is there. */
  setPace: (pace: Pace) => void;
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
  const added = createWaker();
  const lineBack = createWaker();
  let pending = { rows: 0, bytes: 0, sinceMs: 0 };
  /** Rows may be due that nobody has counted: at start, and whenever a batch could not take everything. */
  let backlog = true;
  let pace: Pace = { delayMs: 0, maxBatch: trigger.rows, imagesPaused: false };
  let rowLimit = BATCH_ITEMS_MAX;
  let byteLimit = trigger.bytes;
  let failures = 0;
  let incompletes = 0;
  let problem: string | null = null;

  const noteProblem = (kind: string, reason: string) => {
    if (problem !== kind) log.warn({ reason, ...buffer.stats() }, "central does not take detections; they are kept");
    problem = kind;
  };

  const shrink = (rows: number, bytes: number) => {
    rowLimit = Math.max(1, Math.floor(rows / 2));
    byteLimit = Math.max(BATCH_BYTES_MIN, Math.floor(bytes / 2));
  };

  /** Lets the rows of a batch that is as small as can be wait, so that others come before them. */
  const setAsideIfSingle = ({ elements }: Batch) => {
    const [only] = elements;
    if (!only || elements.length > 1) return;
    const againAtMs = clock.monotonicMs() + fullJitterMs(only.row.tries + 1, random);
    buffer.settle([{ seq: only.row.seq, kind: "again", againAtMs }]);
  };

  const settlementOf = (element: BatchElement, result: BatchResult): Settlement => {
    const { row, images, unreadable } = element;
    const backOffMs = () => clock.monotonicMs() + fullJitterMs(row.tries + 1, random);
    const { receipt } = result;
    switch (result.status) {
      case "retransmit":
        return { seq: row.seq, kind: "again", againAtMs: backOffMs() };
      case "quarantined":
        log.warn({ id: row.id, reason: result.reason, detail: result.detail }, "central quarantined a detection");
        break;
      case "stored":
      case "duplicate":
        break;
    }
    // Without a receipt nothing is acknowledged, whatever the status says.
    if (!receipt) return { seq: row.seq, kind: "again", againAtMs: backOffMs() };
    const missing = missingOf(element, result);
    // An image that was sent and is missing all the same must not spin, nor one that the disk could not read.
    const spins = missing.some((role) => [...images, ...unreadable].some((image) => image.role === role));
    return { seq: row.seq, kind: "acknowledged", receipt, missing, againAtMs: spins ? backOffMs() : 0 };
  };

  const takeResults = (batch: Batch, response: BatchResponse, tookMs: number): number => {
    const settlements: Settlement[] = [];
    for (const [index, element] of batch.elements.entries()) {
      const result = response.results[index];
      if (result) settlements.push(settlementOf(element, result));
    }
    buffer.settle(settlements);
    if (problem !== null) log.info("central takes detections again");
    problem = null;
    failures = 0;
    incompletes = 0;
    if (tookMs < QUICK_ANSWER_MS) {
      rowLimit = Math.min(BATCH_ITEMS_MAX, rowLimit * 2);
      byteLimit = Math.min(trigger.bytes, byteLimit * 2);
    }
    pace = response.pace;
    backlog = batch.more;
    if (response.results.some((result) => result.clock === "suspect")) log.warn("central doubts this device's clock");
    log.debug(
      { rows: batch.elements.length, bytes: batch.bytes, durationMs: Math.round(tookMs) },
      "batch acknowledged",
    );
    return pace.delayMs;
  };

  /** Acts on a verdict; returns how long to wait before the next batch. */
  const obey = async (verdict: Verdict, batch: Batch, tookMs: number, signal: AbortSignal): Promise<void> => {
    if (verdict.kind === "results") return pause(takeResults(batch, verdict.response, tookMs), signal);
    backlog = true;
    failures++;
    noteProblem(verdict.kind, verdict.reason);
    const { elements, bytes } = batch;
    switch (verdict.kind) {
      case "later":
        return pause(verdict.afterMs ?? fullJitterMs(failures, random), signal);
      case "refused":
        return pause(REFUSED_PROBE_MS, signal);
      case "unreachable":
        // A server that closes on a large body before we can read its 413 looks like a cut line, too.
        if (verdict.timedOut || failures >= INCOMPLETE_TRIES) shrink(elements.length, bytes);
        return lineBack.wait(fullJitterMs(failures, random), signal);
      case "too_large":
        shrink(elements.length, bytes);
        setAsideIfSingle(batch);
        return pause(fullJitterMs(1, random), signal);
      case "incomplete":
        incompletes++;
        if (incompletes >= INCOMPLETE_TRIES) {
          rowLimit = 1;
          setAsideIfSingle(batch);
        }
        return pause(fullJitterMs(failures, random), signal);
    }
  };

  const sendBatch = async (signal: AbortSignal): Promise<void> => {
    const limits = {
      rows: Math.min(rowLimit, pace.maxBatch, BATCH_ITEMS_MAX),
      bytes: byteLimit,
      imagesPaused: pace.imagesPaused,
    };
    pending = { rows: 0, bytes: 0, sinceMs: 0 };
    const batch = await fillBatch(buffer, limits, clock.monotonicMs());
    if (batch.lost.length > 0) {
      log.error({ images: batch.lost }, "stored images are gone or altered and cannot be sent");
      buffer.settle(batch.lost);
    }
    for (const { row, unreadable } of batch.elements) {
      if (unreadable.length > 0) log.error({ id: row.id, images: unreadable }, "stored images cannot be read now");
    }
    if (batch.elements.length === 0) {
      backlog = false;
      return;
    }
    const body = batchBody(batch.elements);
    const slowLineMs = batch.elements.length === 1 ? batch.bytes / SLOW_LINE_BYTES_PER_MS : 0;
    const sentMs = clock.monotonicMs();
    const timeoutMs = REQUEST_TIMEOUT_MS + slowLineMs;
    const answer = await central({ method: "POST", path: "/api/v1/detections/batch", body, timeoutMs });
    const ids = batch.elements.map(({ row }) => row.id);
    const verdict = readVerdict(answer, ids, clock.nowMs());
    await obey(verdict, batch, clock.monotonicMs() - sentMs, signal);
  };

  /** Waits until a batch is due by age, count or bytes, or a row's own waiting time is over. */
  const untilDue = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && !backlog) {
      if (pending.rows >= trigger.rows || pending.bytes >= trigger.bytes) return;
      const dueAtMs = Math.min(
        pending.rows > 0 ? pending.sinceMs + trigger.intervalMs : Number.POSITIVE_INFINITY,
        buffer.nextDueAtMs() ?? Number.POSITIVE_INFINITY,
      );
      const waitMs = dueAtMs - clock.monotonicMs();
      if (waitMs <= 0) return;
      await added.wait(waitMs, signal);
    }
  };

  return {
    noteAdded: (bytes) => {
      const sinceMs = pending.rows === 0 ? clock.monotonicMs() : pending.sinceMs;
      pending = { rows: pending.rows + 1, bytes: pending.bytes + bytes, sinceMs };
      added.wake();
    },
    setPace: (next) => {
      if (pace.imagesPaused && !next.imagesPaused) backlog = true;
      pace = next;
      lineBack.wake();
      added.wake();
    },
    run: async (signal) => {
      if (options.uptimeMs < JUST_BOOTED_MS) await pause(random() * BOOT_SPREAD_MS, signal);
      while (!signal.aborted) {
        await untilDue(signal);
        if (!signal.aborted) await sendBatch(signal);
      }
    },
  };
};
