/**
 * People, their devices, invitations and approvals, as screens show them.
 * Rule: no secret is ever part of a view; a one-time link or code is the answer to the call that made it, once.
 */
import * as z from "zod/mini";
import { roleSchema, userSchema } from "./access.ts";
import { investigationSchema } from "./accountability.ts";

export const DEVICE_KINDS = ["desktop", "app"] as const;

export const deviceViewSchema = z.object({
  id: z.uuid(),
  /** Derived from the browser, or the person's own name for it. */
  name: z.string(),
  kind: z.enum(DEVICE_KINDS),
  createdAt: z.string(),
  lastUsedAt: z.string(),
  expiresAt: z.string(),
  ip: z.nullable(z.string()),
  /** The one that asks. */
  current: z.boolean(),
  revoked: z.nullable(z.object({ at: z.string(), by: z.nullable(z.string()) })),
});
export type DeviceView = z.infer<typeof deviceViewSchema>;

export const NOTICE_KINDS = [
  "authenticator_reset",
  "password_reset",
  "recovery_code_used",
  "role_changed",
  "new_device",
  "review",
  /** No room for evidence: collectors keep theirs. `by` is the first that was told to. */
  "disk_full",
  "policy_changed",
] as const;
export const noticeSchema = z.object({
  id: z.uuid(),
  kind: z.enum(NOTICE_KINDS),
  at: z.string(),
  /** Who did it, or which device it was. */
  by: z.nullable(z.string()),
});
export type Notice = z.infer<typeof noticeSchema>;

/** Everything about the person that their own screens need to know. */
export const meSchema = z.object({
  user: userSchema,
  deviceId: z.uuid(),
  /** When the session ends at the latest, and without use. */
  expiresAt: z.string(),
  idleExpiresAt: z.string(),
  /** Until when acts that need a fresh code go through; null when a code is needed. */
  stepUpUntil: z.nullable(z.string()),
  investigation: z.nullable(investigationSchema),
  /** The last day on which search is open to this person; null when they were never trained. */
  trainedUntil: z.nullable(z.string()),
  /** Looks that are left today; null for roles without a budget. */
  looksLeft: z.nullable(z.int()),
  recoveryCodesLeft: z.int(),
  notices: z.array(noticeSchema),
  /** Reviews that wait for this person. */
  reviewsWaiting: z.int(),
});
export type Me = z.infer<typeof meSchema>;

export const personViewSchema = z.object({
  ...userSchema.shape,
  createdAt: z.string(),
  lastSeenAt: z.nullable(z.string()),
  devices: z.int(),
  /** False while a link for a new authenticator is open; until it is used, the old one goes on. */
  hasAuthenticator: z.boolean(),
  disabled: z.nullable(z.object({ at: z.string(), by: z.nullable(z.string()), reason: z.nullable(z.string()) })),
});
export type PersonView = z.infer<typeof personViewSchema>;

export const invitationViewSchema = z.object({
  id: z.uuid(),
  kind: z.enum(["invite", "reset", "password"]),
  email: z.string(),
  name: z.string(),
  role: roleSchema,
  invitedBy: z.nullable(z.string()),
  expiresAt: z.string(),
});
export type InvitationView = z.infer<typeof invitationViewSchema>;

export const approvalViewSchema = z.object({
  id: z.uuid(),
  kind: z.enum(["grant_admin"]),
  person: z.object({ id: z.uuid(), name: z.string() }),
  reason: z.string(),
  requestedBy: z.object({ id: z.uuid(), name: z.string() }),
  requestedAt: z.string(),
  expiresAt: z.string(),
});
export type ApprovalView = z.infer<typeof approvalViewSchema>;

/** What a one-time link opens, before anything is typed. */
export const invitationStateSchema = z.object({
  kind: z.enum(["setup", "invite", "reset", "password"]),
  email: z.nullable(z.string()),
  name: z.nullable(z.string()),
  role: roleSchema,
  organisation: z.string(),
});
export type InvitationState = z.infer<typeof invitationStateSchema>;

export const RECOVERY_CODES = 10;
