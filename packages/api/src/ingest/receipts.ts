/**
 * Receipts: central's signed promise that it holds exactly these bytes.
 * Rule: signed only after the commit; the same bytes get the same receipt every time.
 */
import { type Receipt, receiptBytes } from "@chaverim/contracts";
import type { CentralKeys } from "../keys.ts";

/** @param payloadSha256 of the element's exact payload, or of the raw body when it could not be read */
export const signReceipt = (
  keys: CentralKeys,
  held: { collectorId: string; epoch: number; seq: number | null; payloadSha256: Buffer; receivedAt: Date },
): Receipt => {
  const receipt = {
    collector: held.collectorId,
    epoch: held.epoch,
    seq: held.seq,
    payload: held.payloadSha256.toString("hex"),
    receivedAt: held.receivedAt.toISOString(),
    keyId: keys.keyId,
  };
  return { ...receipt, signature: keys.signReceipt(receiptBytes(receipt)) };
};
