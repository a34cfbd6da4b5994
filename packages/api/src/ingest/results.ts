/**
 * The answer to a stored batch: what became of each element, with its receipt.
 * Rule: a receipt says exactly what the database holds, so it is made from what the transaction returned.
 */
import type { BatchResult, Detection, Receipt } from "@chaverim/contracts";
import type { CentralKeys } from "../keys.ts";
import type { Batch, Outcome } from "./batch.ts";
import { placeOf } from "./read-batch.ts";
import { signReceipt } from "./receipts.ts";

const missingOf = (detection: Detection, held: { has: (role: string) => boolean }) =>
  [...new Set(detection.images.map(({ role }) => role))].filter((role) => !held.has(role));

/** One result per element, in the order of the elements; called only after the commit, because it signs. */
export const toResults = (keys: CentralKeys, batch: Batch, outcome: Outcome): BatchResult[] => {
  const receipt = (payloadSha256: Buffer, receivedAt: Date, at: { epoch: number; seq: number | null }): Receipt =>
    signReceipt(keys, {
      collectorId: batch.collector.id,
      payloadSha256,
      receivedAt,
      epoch: at.epoch,
      seq: at.seq,
    });
  const results = new Map<number, BatchResult>();
  for (const { element, images, suspect } of outcome.fresh) {
    const dedupOf = outcome.duplicates.get(element.detection.id);
    results.set(element.index, {
      id: element.detection.id,
      status: "stored",
      ...(dedupOf ? { dedupOf } : {}),
      ...(suspect ? { clock: "suspect" as const } : {}),
      missing: missingOf(element.detection, images as ReadonlyMap<string, unknown>),
      integrity: element.integrity,
      receipt: receipt(element.payloadSha256, batch.receivedAt, placeOf(element.detection)),
    });
  }
  for (const { element, known } of outcome.repeats) {
    const held = outcome.held.get(known.id);
    if (!held) throw new Error("a repeat is not there");
    results.set(element.index, {
      id: known.id,
      status: "duplicate",
      missing: missingOf(element.detection, held.roles),
      integrity: held.integrity,
      receipt: receipt(known.payloadSha256, known.receivedAt, known),
    });
  }
  for (const { element } of outcome.bad) {
    const { index, id, reason, detail } = element;
    const held = outcome.quarantined.get(index);
    results.set(index, {
      id,
      status: "quarantined",
      // Only a collector that was rolled back to protocol 1 sends plain what was signed before: it does not know this reason.
      ...(reason === "unsigned" ? { integrity: reason } : { reason }),
      detail,
      ...(element.declared.length > 0 ? { missing: held?.missing ?? [] } : {}),
      receipt: receipt(element.payloadSha256, held?.receivedAt ?? batch.receivedAt, element.place),
    });
  }
  for (const checked of batch.checked) {
    if (checked.kind !== "retransmit") continue;
    results.set(checked.element.index, {
      id: checked.element.detection.id,
      status: "retransmit",
      retransmit: checked.wanted,
    });
  }
  return [...results].toSorted(([a], [b]) => a - b).map(([, result]) => result);
};
