/**
 * One lane to central: sends a batch, settles what came of it, and waits as the answer says.
 * Rule: only central's receipt acknowledges a row; every other answer means "keep it and try again".
 */
import {
  BATCH_ITEMS_MAX,
  IMAGE_BYTES_MAX,
  type BatchResponse,
  type BatchResult,
  type Pace,
  type Receipt,
} from "@chaverim/contracts";
import { batchBody, detectionsOf, releaseImages, type Batch, type BatchElement } from "./batch.ts";
import type { DetectionBuffer, DueRow, Lane, Settlement } from "./buffer.ts";
import type { Central } from "./central.ts";
import type { Clock } from "./clock.ts";
import { sha256Of } from "./images.ts";
import type { Log } from "./log.ts";
import { fullJitterMs } from "./retry.ts";
import type { Line } from "./uploader-line.ts";
import { missingOf, readVerdict, type Verdict } from "./uploader-verdict.ts";
import { createWaker } from "./waker.ts";

/** A half-open connection is given up after this. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A single row may take longer: 4 bytes a millisecond is 32 kbit/s, the slowest line that still gets through. */
const SLOWEST_BYTES_PER_MS = 4;
/** A key that central refuses may be claimed again; until then one probe every 5 minutes. */
const REFUSED_PROBE_MS = 5 * 60_000;
/** After so many incomplete batches in a row the rows go one by one: something on the line cuts large ones. */
const INCOMPLETE_TRIES = 5;
/** A row that failed so often by itself goes alone from then on, behind all others: it holds up nobody's alert. */
const SUSPECT_TRIES = 3;
/** Behind a row that was set aside the others need not wait for long: up to 8 s. */
const ASIDE_FAILURES_MAX = 4;
/** Central's limit is for the whole body; this much of it is left for the heads of the parts. */
const HEADS_BYTES = 16 * 1024;
/** Reading a batch from a tired SD card; beyond this the lane is stuck. */
const FILL_MAX_MS = 120_000;

/** What both lanes share. */
export type LaneContext = {
  buffer: DetectionBuffer;
  central: Central;
  clock: Clock;
  log: Log;
  /** 0 <= random() < 1 */
  random: () => number;
  line: Line;
  /** Rows that one of the lanes is sending: the other leaves them alone. */
  underWay: Set<number>;
  /** The most that central takes, as far as it has said. */
  limits: { items: number; imageBytes: number };
  pace: Pace;
};

export const createLaneContext = (
  given: Pick<LaneContext, "buffer" | "central" | "clock" | "log" | "random" | "line">,
  pace: Pace,
): LaneContext => ({
  ...given,
  underWay: new Set(),
  limits: { items: BATCH_ITEMS_MAX, imageBytes: IMAGE_BYTES_MAX },
  pace,
});

export type SendOutcome = {
  /** `nothing`: there was none to send; `kept`: central did not take it. */
  kind: "nothing" | "taken" | "kept";
  /** Something due was left for the next batch. */
  more: boolean;
  /** Rows were passed over because the other lane was sending them. */
  passedOver: boolean;
  /** Images of this batch's rows are still due. */
  imagesLeft: boolean;
};

export type LaneSender = {
  /** The line or central is at fault, and the lane waits before it tries again. */
  isLineDown: () => boolean;
  /** How long central wants to have no more of the backlog. */
  pacedMs: () => number;
  /** Ends a wait for a line that was cut. */
  lineBack: () => void;
  /**
   * Sends a batch; where it was not taken, waits as its answer says.
   * @param fill makes a batch of rows that are due; `more` says that others have to wait for the next one
   * @param choose those of the rows that may go now; what it leaves is free for the other lane
   */
  send: (
    fill: (rows: DueRow[], more: boolean) => Promise<Batch>,
    signal: AbortSignal,
    choose?: (rows: DueRow[]) => DueRow[],
  ) => Promise<SendOutcome>;
  /** Waits, and promises to be back then. */
  wait: (ms: number, signal: AbortSignal, waker?: ReturnType<typeof createWaker>) => Promise<void>;
  /** When the lane must have moved on, of `monotonicMs`; infinite while it has nothing to do. */
  backByMs: () => number;
};

export const createLaneSender = (lane: Lane, context: LaneContext): LaneSender => {
  const { buffer, central, clock, log, random, line, underWay, limits } = context;
  const lineBack = createWaker();
  let rowsNow = BATCH_ITEMS_MAX;
  let failures = 0;
  /** Answers in a row that may be the fault of the rows. */
  let faults = 0;
  let problem: Verdict["kind"] | null = null;
  let lineDown = false;
  let backByMs = Number.POSITIVE_INFINITY;
  let pacedUntilMs = 0;

  const promise = (ms: number) => void (backByMs = clock.monotonicMs() + ms);

  const wait: LaneSender["wait"] = async (ms, signal, waker = createWaker()) => {
    promise(ms);
    await waker.wait(ms, signal);
  };

  const againMs = (element: BatchElement) => clock.monotonicMs() + fullJitterMs(element.row.tries + 1, random);

  /** Lets the rows of a batch that is as small as can be wait, so that others come before them. */
  const setAsideIfSingle = ({ elements }: Batch) => {
    const [only] = elements;
    if (only && elements.length === 1) buffer.settle([{ seq: only.row.seq, kind: "again", againAtMs: againMs(only) }]);
  };

  const settlementOf = (element: BatchElement, result: BatchResult): Settlement => {
    const { row, images, withheld } = element;
    const { receipt } = result;
    if (result.status === "quarantined") {
      log.warn({ id: row.id, reason: result.reason, detail: result.detail }, "central quarantined a detection");
    }
    // Without a receipt nothing is acknowledged, whatever the status says.
    if (result.status === "retransmit" || !receipt) {
      return { seq: row.seq, kind: "again", againAtMs: againMs(element) };
    }
    const missing = missingOf(element, result);
    // An image that was sent and is missing all the same must not spin, nor one that could not be sent.
    const spins = missing.some((role) => [...images, ...withheld].some((image) => image.role === role));
    return { seq: row.seq, kind: "acknowledged", receipt, missing, againAtMs: spins ? againMs(element) : 0 };
  };

  const takeResults = (batch: Batch, response: BatchResponse, tookMs: number): boolean => {
    const settlements = batch.elements.flatMap((element, index) => {
      const result = response.results[index];
      return result ? [settlementOf(element, result)] : [];
    });
    buffer.settle(settlements);
    if (problem !== null) log.info({ lane }, "central takes detections again");
    problem = null;
    lineDown = false;
    failures = 0;
    faults = 0;
    line.noteAnswer(batch.bytes, tookMs);
    rowsNow = Math.min(limits.items, rowsNow * 2);
    context.pace = response.pace;
    if (response.results.some((result) => result.clock === "suspect")) log.warn("central doubts this device's clock");
    const rows = batch.elements.length;
    log.debug({ lane, rows, bytes: batch.bytes, durationMs: Math.round(tookMs) }, "batch acknowledged");
    return settlements.some((settlement) => settlement.kind === "acknowledged" && settlement.missing.length > 0);
  };

  const halveRows = ({ elements }: Batch) => void (rowsNow = Math.max(1, Math.floor(elements.length / 2)));

  /** Something about these rows, or the line with large ones: they go one by one after a while. Returns how long to wait. */
  const suspectRows = (batch: Batch): number => {
    faults++;
    const isKnown = batch.elements.every(({ row }) => row.tries >= SUSPECT_TRIES);
    if (faults < INCOMPLETE_TRIES && !isKnown) return fullJitterMs(failures, random);
    if (!isKnown) rowsNow = 1;
    setAsideIfSingle(batch);
    return fullJitterMs(Math.min(failures, ASIDE_FAILURES_MAX), random);
  };

  /** The rows of the next batch: those that failed by themselves before go alone, when there are no others. */
  const chooseRows = (free: readonly DueRow[]): DueRow[] => {
    const rows = free.filter(({ tries }) => tries < SUSPECT_TRIES);
    return rows.length > 0 ? rows.slice(0, rowLimit()) : free.slice(0, 1);
  };

  /**
   * What central cannot read it keeps as it came: the detection it is in is found by halves, and acknowledged as what it is. Those
   * beside it become facts. Returns how long to wait.
   */
  const settleUnread = (batch: Batch, receipt: Receipt): number => {
    const [only] = batch.elements;
    if (batch.elements.length > 1 || !only) {
      halveRows(batch);
      return 0;
    }
    log.error({ id: only.row.id }, "central keeps a detection that it cannot read as this collector writes it");
    buffer.settle([{ seq: only.row.seq, kind: "acknowledged", receipt, missing: [], againAtMs: 0 }]);
    return 0;
  };

  /** Notes what a verdict teaches; returns how long to wait before the next batch. */
  const learn = (verdict: Exclude<Verdict, { kind: "results" }>, batch: Batch): number => {
    lineDown = verdict.kind === "later" || verdict.kind === "refused" || verdict.kind === "unreachable";
    switch (verdict.kind) {
      case "later":
        // A thousand collectors that heard the same Retry-After come back within a second, not at once.
        if (verdict.afterMs !== null) return verdict.afterMs + fullJitterMs(1, random);
        return verdict.fault ? suspectRows(batch) : fullJitterMs(failures, random);
      case "refused":
        return REFUSED_PROBE_MS;
      case "unreachable":
        // A server that closes on a large body before we can read its 413 looks like a cut line, too.
        if (verdict.timedOut || failures >= INCOMPLETE_TRIES) {
          halveRows(batch);
          line.noteCut(batch.bytes);
        }
        return fullJitterMs(failures, random);
      case "too_large": {
        const { maxBatchBytes, maxItemBytes = limits.imageBytes, maxItems = limits.items } = verdict.limits;
        const isOverLimit = maxBatchBytes !== undefined && batch.bytes > maxBatchBytes - HEADS_BYTES;
        if (maxBatchBytes !== undefined) line.limitTo(Math.max(1, maxBatchBytes - HEADS_BYTES));
        limits.imageBytes = Math.min(limits.imageBytes, maxItemBytes, (maxBatchBytes ?? Infinity) - HEADS_BYTES);
        limits.items = Math.min(limits.items, maxItems);
        const isOverItems = batch.elements.length > limits.items;
        rowsNow = Math.min(rowsNow, limits.items);
        // Where central's own figures do not explain its refusal, a proxy between us has a smaller limit.
        if (!isOverLimit && !isOverItems) {
          halveRows(batch);
          line.noteCut(batch.bytes);
        }
        setAsideIfSingle(batch);
        return fullJitterMs(1, random);
      }
      case "incomplete":
        return suspectRows(batch);
      case "unread":
        return settleUnread(batch, verdict.receipt);
    }
  };

  const noteUnsent = (batch: Batch) => {
    if (batch.lost.length > 0) {
      log.error({ images: batch.lost }, "stored images are gone or altered and cannot be sent");
      buffer.settle(batch.lost);
    }
    for (const { row, withheld } of [...batch.elements, ...batch.idle]) {
      if (withheld.length > 0) log.error({ id: row.id, images: withheld }, "stored images cannot be sent now");
    }
    buffer.settle(batch.idle.map((element) => ({ seq: element.row.seq, kind: "again", againAtMs: againMs(element) })));
  };

  const ask = async (batch: Batch): Promise<{ verdict: Verdict; tookMs: number }> => {
    const slowLineMs = batch.elements.length === 1 ? batch.bytes / SLOWEST_BYTES_PER_MS : 0;
    const timeoutMs = REQUEST_TIMEOUT_MS + slowLineMs;
    const sentMs = clock.monotonicMs();
    promise(timeoutMs);
    const body = batchBody(batch.elements);
    const answer = await central({ method: "POST", path: "/api/v1/detections/batch", body, timeoutMs });
    const ids = batch.elements.map(({ row }) => row.id);
    const sentSha256 = () => sha256Of(detectionsOf(batch.elements));
    return { verdict: readVerdict(answer, ids, sentSha256, clock.nowMs()), tookMs: clock.monotonicMs() - sentMs };
  };

  /** Sends a batch that holds something, and notes or waits as its answer says. */
  const deliver = async (batch: Batch, signal: AbortSignal): Promise<Pick<SendOutcome, "kind" | "imagesLeft">> => {
    const { verdict, tookMs } = await ask(batch);
    if (verdict.kind === "results") {
      releaseImages(batch);
      const imagesLeft = takeResults(batch, verdict.response, tookMs) || batch.imagesLeft;
      release(batch.elements.map(({ row }) => row));
      pacedUntilMs = clock.monotonicMs() + context.pace.delayMs;
      return { kind: "taken", imagesLeft };
    }
    failures++;
    if (problem !== verdict.kind) {
      log.warn({ lane, reason: verdict.reason, ...buffer.stats() }, "central does not take detections; they are kept");
    }
    problem = verdict.kind;
    const waitMs = learn(verdict, batch);
    release(batch.elements.map(({ row }) => row));
    await wait(waitMs, signal, verdict.kind === "unreachable" ? lineBack : undefined);
    return { kind: "kept", imagesLeft: batch.imagesLeft };
  };

  const release = (rows: readonly DueRow[]) => {
    for (const { seq } of rows) underWay.delete(seq);
  };

  const send: LaneSender["send"] = async (fill, signal, choose = (rows) => rows) => {
    promise(FILL_MAX_MS);
    const due = buffer.due(rowLimit() + underWay.size + 1, clock.monotonicMs(), lane);
    const free = due.filter(({ seq }) => !underWay.has(seq));
    const passedOver = free.length < due.length;
    const rows = choose(chooseRows(free));
    for (const { seq } of rows) underWay.add(seq);
    try {
      const batch = await fill(rows, free.length > rows.length);
      noteUnsent(batch);
      const taken = new Set(batch.elements.map(({ row }) => row.seq));
      release(rows.filter(({ seq }) => !taken.has(seq)));
      if (taken.size > 0) return { ...(await deliver(batch, signal)), more: free.length > taken.size, passedOver };
      lineDown = false;
      // Images that are gone made room: what is behind them has not been looked at.
      return { kind: "nothing", more: batch.lost.length + batch.idle.length > 0, imagesLeft: false, passedOver };
    } finally {
      release(rows);
    }
  };

  const rowLimit = () => Math.max(1, Math.min(rowsNow, context.pace.maxBatch, limits.items));

  return {
    isLineDown: () => lineDown,
    pacedMs: () => Math.max(0, pacedUntilMs - clock.monotonicMs()),
    lineBack: lineBack.wake,
    send,
    wait,
    backByMs: () => backByMs,
  };
};
