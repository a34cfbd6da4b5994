/**
 * Checks central's receipts and lets the buffer forget what they cover.
 * Rule: a row goes only when its receipt verifies under a pinned key and is more than 7 days old.
 */
import { createPublicKey, verify } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { receiptBytes, receiptSchema, type Receipt } from "@chaverim/contracts";
import * as z from "zod";
import type { DetectionBuffer, PrunableRow } from "./buffer.ts";
import { readJson, type Central } from "./central.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { pause } from "./retry.ts";

/** A week: a central that is restored from a backup can ask for everything since. */
const KEEP_MS = 7 * 86_400_000;
const PRUNE_INTERVAL_MS = 3_600_000;
/** One slice is some 100 ms on a Pi (one Ed25519 check is about 0.5 ms), so that cameras never wait long. */
const SLICE_ROWS = 200;
const KEYS_TIMEOUT_MS = 10_000;

const keysSchema = z.object({ keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })).max(100) });

const metaKey = (keyId: string) => `receiptKey:${keyId}`;

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
  if (!covers) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    return verify(null, receiptBytes(receipt), key, Buffer.from(receipt.signature, "base64"));
  } catch (error) {
    // A key or a signature of another shape: not valid, whatever the library says about it.
    if (error instanceof Error) return false;
    throw error;
  }
};

type PrunerOptions = {
  buffer: DetectionBuffer;
  central: Central;
  clock: Clock;
  offsetMs: () => number | null;
  log: Log;
};

export type Pruner = {
  /** One pass over everything that is old enough; returns the rows that went. */
  prune: (signal: AbortSignal) => Promise<number>;
  run: (signal: AbortSignal) => Promise<void>;
};

export const createPruner = ({ buffer, central, clock, offsetMs, log }: PrunerOptions): Pruner => {
  /** A signing key of central: pinned at first use, asked for when it is new. */
  const keyOf = async (keyId: string): Promise<string | null> => {
    const pinned = buffer.getMeta(metaKey(keyId));
    if (pinned !== null) return pinned;
    const answer = await central({ method: "GET", path: "/api/v1/keys", timeoutMs: KEYS_TIMEOUT_MS });
    const parsed = keysSchema.safeParse(answer.kind === "answered" ? readJson(answer.text) : undefined);
    if (!parsed.success) return null;
    for (const key of parsed.data.keys) buffer.pinMeta(metaKey(key.keyId), key.publicKey);
    return buffer.getMeta(metaKey(keyId));
  };

  const mayGo = async (row: PrunableRow, beforeMs: number): Promise<boolean> => {
    const receipt = receiptSchema.safeParse(readJson(row.receipt));
    if (!receipt.success || Date.parse(receipt.data.receivedAt) > beforeMs) return false;
    const key = await keyOf(receipt.data.keyId);
    return key !== null && isReceiptValid(receipt.data, row, buffer.epoch, key);
  };

  const prune = async (signal: AbortSignal): Promise<number> => {
    const beforeMs = clock.nowMs() + (offsetMs() ?? 0) - KEEP_MS;
    let afterSeq = 0;
    let gone = 0;
    let kept = 0;
    while (!signal.aborted) {
      const rows = buffer.prunable(beforeMs, afterSeq, SLICE_ROWS);
      const going: number[] = [];
      for (const row of rows) {
        if (await mayGo(row, beforeMs)) going.push(row.seq);
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
        await pause(PRUNE_INTERVAL_MS, signal);
      }
    },
  };
};
