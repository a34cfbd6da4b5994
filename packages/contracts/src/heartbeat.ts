/**
 * The heartbeat: health up, pace and commands down, every 60 s ± jitter.
 * Rule: everything a collector reports is hostile text until it has passed this schema.
 */
import * as z from "zod/mini";
import { commandSchema } from "./command.ts";
import { paceSchema } from "./ingest.ts";

export const HEARTBEAT_INTERVAL_MS = 60_000;
/** One missed heartbeat and a half: the collector is shown as late. */
export const COLLECTOR_LATE_MS = 90_000;
/** Three missed heartbeats: no data. */
export const COLLECTOR_OFFLINE_MS = 180_000;

const label = (max: number) => z.string().check(z.maxLength(max), z.regex(/^[^\u0000-\u001f\u007f]*$/));
const count = z.number().check(z.gte(0));

export const CAMERA_STATUSES = ["online", "offline", "error", "connecting"] as const;

export const heartbeatSchema = z.looseObject({
  protocol: z.int(),
  version: label(32),
  uptimeSeconds: count,
  epoch: z.int(),
  lastSeq: z.int(),
  buffer: z.looseObject({
    /** Rows without a receipt. */
    rows: count,
    bytes: count,
    oldestAt: z.nullable(z.iso.datetime({ offset: true })),
  }),
  disk: z.nullable(z.looseObject({ freeBytes: count, totalBytes: count })),
  /** Degrees Celsius; null where the board has no sensor. */
  temperature: z.nullable(z.number()),
  clock: z.looseObject({ now: z.iso.datetime({ offset: true }), offsetMs: z.nullable(z.number()) }),
  cameras: z
    .array(
      z.looseObject({
        cameraId: label(128),
        status: z.enum(CAMERA_STATUSES),
        lastDetectionAt: z.nullable(z.iso.datetime({ offset: true })),
        clockOffsetMs: z.nullable(z.number()),
      }),
    )
    .check(z.maxLength(64)),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const heartbeatResponseSchema = z.object({
  serverTime: z.iso.datetime({ offset: true }),
  pace: paceSchema,
  commands: z.array(commandSchema),
});
export type HeartbeatResponse = z.infer<typeof heartbeatResponseSchema>;
