/**
 * Detections and collectors as screens show them.
 * Rule: times are ISO 8601 in UTC, and what is not known is null, never a guess.
 */
import * as z from "zod/mini";
import { COMMAND_STATUSES, COMMAND_VERBS } from "./command.ts";
import { CAMERA_STATUSES } from "./heartbeat.ts";
import { QUARANTINE_REASONS } from "./ingest.ts";
import { MATCH_KINDS } from "./plate.ts";
import { prioritySchema } from "./watchlist.ts";

export const cameraRefSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  area: z.nullable(z.string()),
  heading: z.nullable(z.number()),
});

export const detectionViewSchema = z.object({
  id: z.uuid(),
  plate: z.object({
    /** As the camera read it; null when it read none. */
    text: z.nullable(z.string()),
    normalized: z.nullable(z.string()),
    confidence: z.nullable(z.number()),
  }),
  camera: cameraRefSchema,
  /** Best known time: the collector's, or central's when the collector's clock is not believed. */
  detectedAt: z.string(),
  receivedAt: z.string(),
  clockSuspect: z.boolean(),
  vehicle: z.nullable(
    z.object({
      make: z.nullable(z.string()),
      model: z.nullable(z.string()),
      color: z.nullable(z.string()),
      type: z.nullable(z.string()),
      direction: z.nullable(z.string()),
    }),
  ),
  /** The first reading of the same plate at the same camera within 30 s. */
  duplicateOf: z.nullable(z.uuid()),
  /** What a person says that the plate is, the newest such word; `plate` stays as the camera read it. */
  corrected: z.nullable(z.object({ plate: z.string(), by: z.string(), at: z.string(), reason: z.string() })),
  /** Same-origin addresses of the images; null while central does not hold one or the role may not see it. */
  images: z.object({ crop: z.nullable(z.string()), full: z.nullable(z.string()) }),
});
export type DetectionView = z.infer<typeof detectionViewSchema>;

export const plateDifferenceSchema = z.object({ index: z.int(), listed: z.string(), read: z.string() });
export const plateMatchSchema = z.object({
  kind: z.enum(MATCH_KINDS),
  differences: z.array(plateDifferenceSchema),
});

/** One plate that fits a search, with the reason why. `differences` compare the query (listed) with this plate (read). */
export const plateHitSchema = z.object({
  plate: z.string(),
  match: plateMatchSchema,
  /** In all, as far as the person reaches; filters choose plates, they do not change what is known of each. */
  sightings: z.int(),
  firstSeen: z.string(),
  lastSeen: z.string(),
  latest: z.nullable(detectionViewSchema),
  /** The highest priority of the entries that this plate rings now, by their own way of matching. */
  listed: z.nullable(prioritySchema),
});
export type PlateHit = z.infer<typeof plateHitSchema>;

export const HEALTH_KINDS = [
  "late",
  "offline",
  "camera_offline",
  /** Up, and far fewer detections than at this hour of other days. */
  "camera_silent",
  "disk_low",
  "hot",
  "clock_wrong",
  "sacrificed",
  /** Detections and images that the collector's disk made unreadable before they were sent. */
  "damaged",
  /** Sequence numbers that never came. */
  "gap",
  "device_changed",
  /** Central was restored from an older copy, and this collector sends again what is missing. */
  "restored",
] as const;
export const healthAlertSchema = z.object({
  id: z.uuid(),
  kind: z.enum(HEALTH_KINDS),
  camera: z.nullable(z.object({ id: z.uuid(), name: z.string() })),
  detail: z.record(z.string(), z.unknown()),
  openedAt: z.string(),
  resolvedAt: z.nullable(z.string()),
});
export type HealthAlert = z.infer<typeof healthAlertSchema>;

export const commandViewSchema = z.object({
  id: z.uuid(),
  verb: z.enum(COMMAND_VERBS),
  /** Whom a command about one camera is about. */
  camera: z.nullable(z.object({ id: z.uuid(), name: z.string() })),
  /** Of `set_log_level`. */
  level: z.nullable(z.string()),
  createdAt: z.string(),
  createdBy: z.nullable(z.string()),
  notAfter: z.string(),
  sentAt: z.nullable(z.string()),
  /** `detail` is empty for diagnostics: those are read by themselves. */
  acked: z.nullable(z.object({ at: z.string(), status: z.enum(COMMAND_STATUSES), detail: z.string() })),
  /** When central received the detection that `capture_test` made. */
  arrivedAt: z.nullable(z.string()),
});
export type CommandView = z.infer<typeof commandViewSchema>;

/** One collector's last 24 hours and what was wrong in them. */
export const collectorHistorySchema = z.object({
  /** Detections by hour, oldest first, 24 of them. */
  perHour: z.array(z.int()),
  cameras: z.array(
    z.object({
      id: z.uuid(),
      /** In this hour so far, and what is usual by now at this hour; null while fewer than three days are known. */
      actual: z.int(),
      expected: z.nullable(z.number()),
    }),
  ),
  alerts: z.array(healthAlertSchema),
});
export type CollectorHistory = z.infer<typeof collectorHistorySchema>;

export const quarantineViewSchema = z.object({
  id: z.uuid(),
  collector: z.object({ id: z.uuid(), name: z.string() }),
  reason: z.enum(QUARANTINE_REASONS),
  detail: z.string(),
  detectionId: z.nullable(z.uuid()),
  bytes: z.int(),
  images: z.int(),
  receivedAt: z.string(),
  decided: z.nullable(
    z.object({ decision: z.enum(["kept", "released"]), by: z.string(), at: z.string(), note: z.nullable(z.string()) }),
  ),
});
export type QuarantineView = z.infer<typeof quarantineViewSchema>;

export const COLLECTOR_STATES = ["live", "draining", "late", "offline", "never_seen", "revoked"] as const;

export const collectorKeyViewSchema = z.object({
  id: z.uuid(),
  /** The first ten characters: enough to tell two keys apart. */
  prefix: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  createdBy: z.nullable(z.string()),
  lastUsedAt: z.nullable(z.string()),
  lastUsedIp: z.nullable(z.string()),
  /** Set at a rotation: until then the old key works beside the new one. */
  expiresAt: z.nullable(z.string()),
  revoked: z.nullable(z.object({ at: z.string(), reason: z.nullable(z.string()) })),
});
export type CollectorKeyView = z.infer<typeof collectorKeyViewSchema>;

export const collectorViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  state: z.enum(COLLECTOR_STATES),
  /** Last heartbeat or batch. */
  lastSeenAt: z.nullable(z.string()),
  lastHeartbeatAt: z.nullable(z.string()),
  version: z.nullable(z.string()),
  /** Of the wire; commands are understood since 2. */
  protocol: z.nullable(z.int()),
  /** Rows that wait at the collector, as of the last heartbeat. */
  queue: z.nullable(z.object({ rows: z.int(), oldestAt: z.nullable(z.string()) })),
  /** The two lanes and what they need; null before a collector of protocol 2 spoke. */
  lanes: z.nullable(
    z.object({
      metadata: z.object({ rows: z.int(), oldestAt: z.nullable(z.string()) }),
      images: z.object({ rows: z.int(), oldestAt: z.nullable(z.string()) }),
      drainSeconds: z.nullable(z.number()),
      imageSecondsLeft: z.nullable(z.number()),
    }),
  ),
  /** Of its clock against central's, at the last heartbeat. */
  clockOffsetMs: z.nullable(z.number()),
  /** Whether its detections are signed by its own device. */
  signed: z.boolean(),
  health: z.array(healthAlertSchema),
  /** 0..1 of the disk that is used. */
  diskUsed: z.nullable(z.number()),
  temperature: z.nullable(z.number()),
  /** Whether its board slows itself down: heat, or a weak power supply. */
  throttled: z.nullable(z.boolean()),
  /** Elements in quarantine that wait for a decision, of the newest thousand; null for a role that does not manage collectors. */
  quarantined: z.nullable(z.int()),
  /** Detections received in each of the last 60 minutes, oldest first. */
  perMinute: z.array(z.int()),
  /** Median of captured -> received over the last 10 minutes, seconds; a backlog (later than 10 minutes) is told by `queue`. */
  delaySeconds: z.nullable(z.number()),
  /** Live and past keys, newest first; empty for a role that does not manage collectors. */
  keys: z.array(collectorKeyViewSchema),
  cameras: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      area: z.nullable(z.string()),
      approved: z.boolean(),
      status: z.nullable(z.enum(CAMERA_STATUSES)),
      lastDetectionAt: z.nullable(z.string()),
    }),
  ),
});
export type CollectorView = z.infer<typeof collectorViewSchema>;
