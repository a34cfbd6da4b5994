/**
 * An alert: a detection matched a watchlist entry.
 * Rule: at most one alert per detection and entry, and every alert explains which characters differ.
 */
import * as z from "zod/mini";
import { detectionViewSchema, plateMatchSchema } from "./views.ts";
import { prioritySchema } from "./watchlist.ts";

export const ALERT_STATES = ["new", "acknowledged", "resolved"] as const;
export const ALERT_OUTCOMES = ["confirmed", "not_a_match", "lost", "handed_over"] as const;
export type AlertOutcome = (typeof ALERT_OUTCOMES)[number];

const byWhom = z.object({ by: z.string(), at: z.string() });

export const alertViewSchema = z.object({
  id: z.uuid(),
  /** Rises with every change of any alert: the cursor of `alerts.since` and `alerts.live`. */
  change: z.int(),
  state: z.enum(ALERT_STATES),
  priority: prioritySchema,
  watchlist: z.object({ id: z.uuid(), name: z.string() }),
  entry: z.object({
    id: z.uuid(),
    /** The listed plate as it was typed. */
    plate: z.string(),
    reason: z.string(),
    vehicle: z.nullable(z.string()),
    addedAt: z.string(),
    addedBy: z.string(),
  }),
  detection: detectionViewSchema,
  match: plateMatchSchema,
  /** Seen more than 10 minutes before central received it: marked "Earlier", silent. */
  late: z.boolean(),
  createdAt: z.string(),
  acknowledged: z.nullable(byWhom),
  resolved: z.nullable(z.object({ by: z.string(), at: z.string(), outcome: z.enum(ALERT_OUTCOMES) })),
});
export type AlertView = z.infer<typeof alertViewSchema>;
