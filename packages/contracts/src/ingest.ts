/**
 * The answer to a batch, and the limits of a batch.
 * Rule: one result per element, in the order of the elements; a collector deletes only on a receipt.
 */
import * as z from "zod/mini";
import { IMAGE_ROLES } from "./detection.ts";

/** Whole request body: 32 MB; a larger one is answered 413 and split by the collector. */
export const BATCH_BYTES_MAX = 32 * 1024 * 1024;
/** Elements in one batch; the largest preset is 100, a draining collector may send more. */
export const BATCH_ITEMS_MAX = 500;

export const QUARANTINE_REASONS = [
  "malformed",
  "schema",
  "fork",
  "bad_hash",
  "not_jpeg",
  /** Signed, and not by this collector's device. */
  "bad_signature",
  /** Plain, from a collector whose device signs. */
  "unsigned",
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

export const INTEGRITIES = ["ok", "unsigned", "bad_signature", "bad_hash", "gap", "fork"] as const;
export type Integrity = (typeof INTEGRITIES)[number];

/** Central's signed promise that it holds exactly these bytes. */
export const receiptSchema = z.object({
  collector: z.uuid(),
  epoch: z.int(),
  seq: z.nullable(z.int()),
  /** SHA-256 of the element's exact payload bytes, hex. */
  payload: z.string(),
  receivedAt: z.string(),
  /** Names central's signing key. */
  keyId: z.string(),
  /** Ed25519 over `receiptBytes`, base64. */
  signature: z.string(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The bytes that central signs and a collector verifies: fields in fixed order under a fixed prefix. */
export const receiptBytes = (receipt: Omit<Receipt, "signature">): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(
    [
      "chaverim-receipt-v1",
      receipt.collector,
      receipt.epoch,
      receipt.seq ?? "-",
      receipt.payload,
      receipt.receivedAt,
      receipt.keyId,
    ].join("\n"),
  );

export const batchResultSchema = z.object({
  /** The element's id; null when it has none that can be read. */
  id: z.nullable(z.string()),
  status: z.enum(["stored", "duplicate", "quarantined", "retransmit"]),
  reason: z.optional(z.enum(QUARANTINE_REASONS)),
  /** What is wrong, in words, for the collector's log. */
  detail: z.optional(z.string()),
  dedupOf: z.optional(z.uuid()),
  missing: z.optional(z.array(z.enum(IMAGE_ROLES))),
  /** SHA-256 of parts whose bytes differed from what was declared: send them again from disk. */
  retransmit: z.optional(z.array(z.string())),
  integrity: z.optional(z.enum(INTEGRITIES)),
  clock: z.optional(z.literal("suspect")),
  receipt: z.optional(receiptSchema),
});
export type BatchResult = z.infer<typeof batchResultSchema>;

export const paceSchema = z.object({
  /** Wait this long before the next batch. */
  delayMs: z.int().check(z.gte(0)),
  maxBatch: z.int().check(z.gte(1)),
  imagesPaused: z.boolean(),
});
export type Pace = z.infer<typeof paceSchema>;

export const batchResponseSchema = z.object({ results: z.array(batchResultSchema), pace: paceSchema });
export type BatchResponse = z.infer<typeof batchResponseSchema>;
