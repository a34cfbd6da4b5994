/**
 * Purposes, the access log and its reviews, as screens show them.
 * Rule: an entry is shown as it was written; nothing in it is resolved to what is true today.
 */
import * as z from "zod/mini";
import { roleSchema } from "./access.ts";

export const investigationSchema = z.object({
  id: z.uuid(),
  code: z.string(),
  text: z.nullable(z.string()),
  caseNumber: z.nullable(z.string()),
  openedAt: z.string(),
  expiresAt: z.string(),
});
export type Investigation = z.infer<typeof investigationSchema>;

export const LOG_OUTCOMES = ["ok", "denied", "error"] as const;
export type LogOutcome = (typeof LOG_OUTCOMES)[number];

export const logEntryViewSchema = z.object({
  id: z.int(),
  at: z.string(),
  requestId: z.string(),
  userId: z.nullable(z.uuid()),
  userName: z.nullable(z.string()),
  organisation: z.string(),
  role: z.nullable(roleSchema),
  device: z.nullable(z.string()),
  ip: z.nullable(z.string()),
  /** A name of the access table, or of something else that is written down, such as `auth.signedIn`. */
  action: z.string(),
  plate: z.nullable(z.string()),
  filters: z.record(z.string(), z.unknown()),
  purpose: z.nullable(z.object({ code: z.string(), text: z.nullable(z.string()), caseNumber: z.nullable(z.string()) })),
  resultCount: z.nullable(z.int()),
  recipient: z.nullable(z.string()),
  outcome: z.enum(LOG_OUTCOMES),
  failure: z.nullable(z.string()),
  policyVersion: z.int(),
  /** Set for a look at what a device had kept, told afterwards. */
  offline: z.nullable(z.object({ deviceAt: z.string() })),
  /** Hex, so that an export can be compared with the chain. */
  hash: z.string(),
});
export type LogEntryView = z.infer<typeof logEntryViewSchema>;

/** Looks that a device tells of afterwards, at most so many at once. */
export const OFFLINE_LOOKS_MAX = 100;
export const offlineLookSchema = z.object({
  /** Made by the device; told twice it is one entry. */
  id: z.uuid(),
  action: z.enum(["alerts.since", "detections.recent", "watchlists.list"]),
  plate: z.string().check(z.maxLength(64)),
  deviceAt: z.iso.datetime({ offset: true }),
});
export type OfflineLook = z.infer<typeof offlineLookSchema>;

export const REVIEW_KINDS = ["repeat_plate", "budget", "odd_hours", "sample"] as const;
export const REVIEW_OUTCOMES = ["justified", "unclear", "misuse"] as const;
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

export const reviewViewSchema = z.object({
  id: z.uuid(),
  kind: z.enum(REVIEW_KINDS),
  user: z.object({ id: z.uuid(), name: z.string() }),
  plate: z.nullable(z.string()),
  period: z.string(),
  /** The looks in question, oldest first, at most 50. */
  entries: z.array(logEntryViewSchema),
  entryCount: z.int(),
  createdAt: z.string(),
  assignedTo: z.nullable(z.object({ id: z.uuid(), name: z.string() })),
  decided: z.nullable(
    z.object({ by: z.string(), at: z.string(), outcome: z.enum(REVIEW_OUTCOMES), note: z.nullable(z.string()) }),
  ),
});
export type ReviewView = z.infer<typeof reviewViewSchema>;

/** What the check of the whole chain found. */
export type LogVerification = {
  entries: number;
  /** The first entry that is not as it was written, and what is wrong with it; null when all are. */
  broken: { id: number; problem: "altered" | "missing" } | null;
  /** The newest entry's hash: written down elsewhere, it proves later that nothing before it was rewritten. */
  head: { id: number; hash: string } | null;
};
