/**
 * Checks central's receipts and lets the buffer forget what they cover.
 * Rule: a row goes only when its receipt verifies under a pinned key and is more than 7 days old.
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
/** Until central's time is known: the heartbeat, which asks for it, comes once a minute. */
const CLOCK_WAIT_MS = 60_000;
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
  /** Central's clock minus the device's; null while it is not known. */
  offsetMs: () => number | null;
  log: Log;
};

export type Pruner = {
  /** One pass over everything that is old enough; returns the rows that went. None go while central's time is unknown. */
  prune: (signal: AbortSignal) => Promise<number>;
  run: (signal: AbortSignal) => Promise<void>;
};

export const createPruner = ({ buffer, central, clock, offsetMs, log }: PrunerOptions): Pruner => {
  const mayGo = async (row: PrunableRow, beforeMs: number, pinKeysOnce: () => Promise<void>): Promise<boolean> => {
    const receipt = receiptSchema.safeParse(readJson(row.receipt));
    if (!receipt.success || Date.parse(receipt.data.receivedAt) > beforeMs) return false;
    const { keyId } = receipt.data;
    if (pinnedKey(buffer, keyId) === null) await pinKeysOnce();
    const pinned = pinnedKey(buffer, keyId);
    const { place, payloadSha256 } = row;
    return pinned !== null && isReceiptValid(receipt.data, { seq: place.seq, payloadSha256 }, place.epoch, pinned);
  };

  const prune = async (signal: AbortSignal): Promise<number> => {
    const offset = offsetMs();
    // A device clock that is ahead would cut the 7 days short.
    if (offset === null) return 0;
    const beforeMs = clock.nowMs() + offset - KEEP_MS;
    // One answer names every key: asked again within a pass, central would say the same for each of thousands of rows.
    let asked: Promise<void> | null = null;
    const pinKeysOnce = () => (asked ??= pinKeys(buffer, central));
    let afterSeq = 0;
    let gone = 0;
    let kept = 0;
    while (!signal.aborted) {
      const rows = buffer.prunable(beforeMs, afterSeq, SLICE_ROWS);
      const going: number[] = [];
      for (const row of rows) {
        if (await mayGo(row, beforeMs, pinKeysOnce)) going.push(row.seq);
        else kept++;
        afterSeq = row.seq;
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
        await pause(offsetMs() === null ? CLOCK_WAIT_MS : PRUNE_INTERVAL_MS, signal);
      }
    },
  };
};
