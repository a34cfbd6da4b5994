/**
 * Checks central's receipts and lets the buffer forget what they cover.
 * Rule: a row goes only when its receipt verifies under a pinned key and is 7 days older than the last one, which verifies too:
 * how late it is nobody else is believed, neither a board without a battery nor the date of an answer.
 */
import { setImmediate } from "node:timers/promises";
import { receiptBytes, receiptSchema, type Receipt } from "@chaverim/contracts";
import type { DetectionBuffer, PrunableRow } from "./buffer.ts";
import { readJson, type Central } from "./central.ts";
import { isSignedBy, pinKeys, pinnedKey } from "./central-signing-key.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";

/** A week: a central that is restored from a backup can ask for everything since. */
const KEEP_MS = 7 * 86_400_000;
const PRUNE_INTERVAL_MS = 3_600_000;
/** Until a first receipt has come since the start. */
const RECEIPT_WAIT_MS = 60_000;
/** One slice is some 100 ms on a Pi (one Ed25519 check is about 0.5 ms), so that cameras never wait long. */
const SLICE_ROWS = 200;

/**
 * Says whether a receipt is central's promise for exactly this row.
 * @param publicKey Ed25519, base64 of SPKI DER
 */
export const isReceiptValid = (
  receipt: Receipt,
  row: { seq: number; payloadSha256: string },
  epoch: number,
  publicKey: string,
): boolean => {
  const covers = receipt.payload === row.payloadSha256 && receipt.seq === row.seq && receipt.epoch === epoch;
  return covers && isSignedBy(publicKey, receiptBytes(receipt), receipt.signature);
};

type PrunerOptions = {
  buffer: DetectionBuffer;
  central: Central;
  clock: Clock;
  log: Log;
};

export type Pruner = {
  /** One pass over everything that is old enough; returns the rows that went. None go before a receipt has come. */
  prune: (signal: AbortSignal) => Promise<number>;
  run: (signal: AbortSignal) => Promise<void>;
};

export const createPruner = ({ buffer, central, clock, log }: PrunerOptions): Pruner => {
  const isVerified = ({ place, payloadSha256 }: PrunableRow, receipt: Receipt): boolean => {
    const pinned = pinnedKey(buffer, receipt.keyId);
    return pinned !== null && isReceiptValid(receipt, { seq: place.seq, payloadSha256 }, place.epoch, pinned);
  };

  /** What is to become of a row whose receipt must have come before `beforeMs`. */
  const judge = (row: PrunableRow, beforeMs: number): "goes" | "stays" | "unverified" => {
    const { data: receipt } = receiptSchema.safeParse(readJson(row.receipt));
    if (!receipt) return "unverified";
    // Central keeps it unread, and said so once: it stays here, too, for whoever looks for the fault.
    if (receipt.seq === null || Date.parse(receipt.receivedAt) > beforeMs) return "stays";
    return isVerified(row, receipt) ? "goes" : "unverified";
  };

  /** When central signed the last receipt; null where there is none that is good. */
  const readLastMs = (): number | null => {
    const row = buffer.lastReceipt();
    const { data: receipt } = receiptSchema.safeParse(readJson(row?.receipt ?? ""));
    if (row === null || !receipt) return null;
    if (isVerified(row, receipt)) return Date.parse(receipt.receivedAt);
    log.warn({ keyId: receipt.keyId }, "the last receipt could not be verified; nothing is removed");
    return null;
  };

  const prune = async (signal: AbortSignal): Promise<number> => {
    if (buffer.lastReceipt() === null) return 0;
    await pinKeys(buffer, central);
    const lastMs = readLastMs();
    if (lastMs === null) return 0;
    const beforeMs = lastMs - KEEP_MS;
    let afterSeq = 0;
    let gone = 0;
    let kept = 0;
    while (!signal.aborted) {
      // By the device's own clock as well: a jump of central's alone forgets nothing either.
      const rows = buffer.prunable(clock.nowMs() - KEEP_MS, afterSeq, SLICE_ROWS);
      const going: number[] = [];
      for (const row of rows) {
        afterSeq = row.seq;
        const fate = judge(row, beforeMs);
        if (fate === "goes") going.push(row.seq);
        if (fate === "unverified") kept++;
      }
      buffer.prune(going);
      gone += going.length;
      if (rows.length < SLICE_ROWS) break;
      await setImmediate();
    }
    if (kept > 0) log.warn({ rows: kept }, "receipts could not be verified; their detections are kept");
    if (gone > 0) log.info({ rows: gone }, "detections with a receipt older than 7 days were removed");
    return gone;
  };

  return {
    prune,
    run: async (signal) => {
      while (!signal.aborted) {
        await prune(signal);
        await pause(buffer.lastReceipt() === null ? RECEIPT_WAIT_MS : PRUNE_INTERVAL_MS, signal);
      }
    },
  };
};
