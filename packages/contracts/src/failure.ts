/**
 * Failures as every door of the system answers them, REST and tRPC alike.
 * Rule: a code is stable and the message is a sentence that a person can act on.
 */
import * as z from "zod/mini";

/** HTTP status by code. */
export const FAILURES = {
  incomplete: 400,
  invalid: 400,
  signed_out: 401,
  sign_in_failed: 401,
  key_unknown: 401,
  key_revoked: 401,
  scope: 403,
  forbidden: 403,
  step_up_needed: 403,
  purpose_needed: 403,
  training_needed: 403,
  budget_spent: 403,
  cross_site: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  media_type: 415,
  // Not 408, which browsers answer by asking again.
  too_slow: 422,
  inflight: 429,
  too_many: 429,
  internal: 500,
  db_unavailable: 503,
  store_unavailable: 503,
  shutting_down: 503,
  disk_full: 507,
} as const satisfies Record<string, number>;
export type FailureCode = keyof typeof FAILURES;

export const FAILURE_CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

export const failureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  message: z.string(),
  requestId: z.string(),
  details: z.optional(z.record(z.string(), z.unknown())),
});
export type Failure = z.infer<typeof failureSchema>;
