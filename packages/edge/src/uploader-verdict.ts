/**
 * What an answer of central to a batch means.
 * Rule: only results for exactly the ids that were sent, in their order, are believed; nothing else settles a row.
 */
import {
  batchResponseSchema,
  failureSchema,
  type BatchResponse,
  type BatchResult,
  type ImageRole,
  type Receipt,
} from "@chaverim/contracts";
import * as z from "zod";
import type { BatchElement } from "./batch.ts";
import { readJson, type CentralAnswer } from "./central.ts";
import { retryAfterMs } from "./retry.ts";

/** What central says it takes, with 413; what it does not say is undefined. */
const sizeLimitsSchema = z.object({
  maxBatchBytes: z.int().positive().optional().catch(undefined),
  maxItemBytes: z.int().positive().optional().catch(undefined),
  maxItems: z.int().positive().optional().catch(undefined),
});
export type SizeLimits = z.infer<typeof sizeLimitsSchema>;

export type Verdict =
  | { kind: "results"; response: BatchResponse }
  /** Ask again later; null: as long as the jitter says. `fault`: central tripped over something, perhaps over these rows. */
  | { kind: "later"; afterMs: number | null; fault: boolean; reason: string }
  | { kind: "unreachable"; reason: string; timedOut: boolean }
  | { kind: "refused"; reason: string }
  | { kind: "too_large"; reason: string; limits: SizeLimits }
  | { kind: "incomplete"; reason: string }
  /** It arrived as it was sent, central keeps it so, and cannot read it: a fault of ours, not of the line. */
  | { kind: "unread"; reason: string; receipt: Receipt };

/** Reads the answer to a body that is no batch to central: whether it is what was sent is in the receipt. */
const readMalformed = (text: string, sentSha256: string): Verdict => {
  const result = batchResponseSchema.safeParse(readJson(text)).data?.results[0];
  const reason = `central could not read the batch${result?.detail === undefined ? "" : `: ${result.detail}`}`;
  const receipt = result?.receipt;
  return receipt?.payload === sentSha256 ? { kind: "unread", reason, receipt } : { kind: "incomplete", reason };
};

/**
 * Reads an answer to a batch of these ids, in their order.
 * @param sentSha256 of the batch's part `detections`
 */
export const readVerdict = (
  answer: CentralAnswer,
  ids: readonly string[],
  sentSha256: () => string,
  nowMs: number,
): Verdict => {
  if (answer.kind === "unreachable") return answer;
  const { status, retryAfter, text } = answer;
  if (status === 200) {
    const parsed = batchResponseSchema.safeParse(readJson(text));
    const fits =
      parsed.success &&
      parsed.data.results.length === ids.length &&
      parsed.data.results.every(({ id }, index) => id === ids[index]);
    if (fits) return { kind: "results", response: parsed.data };
    const reason = "the answer is not one of central's: is something between us?";
    return { kind: "later", afterMs: null, fault: false, reason };
  }
  const failure = failureSchema.safeParse(readJson(text));
  const reason = failure.success ? `${failure.data.code}: ${failure.data.message}` : `status ${status}`;
  switch (status) {
    case 202:
      return readMalformed(text, sentSha256());
    case 400:
      return { kind: "incomplete", reason };
    case 401:
    case 403:
      return { kind: "refused", reason };
    case 413: {
      const limits = sizeLimitsSchema.safeParse(failure.data?.details ?? {});
      return { kind: "too_large", reason, limits: limits.data ?? {} };
    }
    default:
      return { kind: "later", afterMs: retryAfterMs(retryAfter, nowMs), fault: status === 500, reason };
  }
};

/** The images that central still wants of a row. Where it does not say, it has only what was sent. */
export const missingOf = ({ row, images }: BatchElement, { status, missing }: BatchResult): readonly ImageRole[] => {
  // Of what it keeps in quarantine central wants pictures only where it says so: where it found the detection's signature wrong.
  if (status === "quarantined") return missing ?? [];
  const sent = new Set(images.map(({ role }) => role));
  return missing ?? row.imagesDue.map(({ role }) => role).filter((role) => !sent.has(role));
};
