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

const laneSchema = z.object({ rows: count, oldestAt: z.nullable(z.iso.datetime({ offset: true })) });

/** What goes first when the disk is full, in this order; metadata never. */
export const SACRIFICES = ["acknowledged_images", "old_scenes", "old_crops"] as const;

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
    /**
     * The lowest number of `epoch` that waits for a receipt and will be sent; null when none does. Every number below it central
     * has acknowledged, but those of damaged rows. Since protocol 2.
     */
    lowestUnacked: z.optional(z.nullable(z.int())),
    /** How many of `rows` are damaged on the collector's disk and cannot be sent. */
    damaged: z.optional(count),
    /** Images, in all, that were found damaged on the collector's disk before central had them. Since protocol 2. */
    damagedImages: z.optional(count),
    /** Rows whose metadata waits, and images that wait, each with the oldest; since protocol 2. */
    lanes: z.optional(z.object({ metadata: laneSchema, images: laneSchema })),
    /** Seconds until everything is sent at the present rate; null when nothing waits or nothing moves. */
    drainSeconds: z.optional(z.nullable(count)),
    /** Seconds of full images that the disk still takes at the present rate. */
    imageSecondsLeft: z.optional(z.nullable(count)),
  }),
  /** What had to be given up for want of space, in all, by kind; a loss is told, never silent. Since protocol 2. */
  sacrificed: z.optional(
    z
      .array(
        z.object({
          kind: z.enum(SACRIFICES),
          images: count,
          bytes: count,
          /** When the first and the last of them were captured. */
          fromAt: z.iso.datetime({ offset: true }),
          toAt: z.iso.datetime({ offset: true }),
        }),
      )
      .check(z.maxLength(SACRIFICES.length)),
  ),
  /** True while the board throttles itself (heat, a weak power supply); null where it cannot be known. */
  throttled: z.optional(z.nullable(z.boolean())),
  /** SPKI, DER, base64 of the device's Ed25519 key, with which payloads and this body are signed. Since protocol 2. */
  deviceKey: z.optional(z.string().check(z.maxLength(200))),
  /** Central's epoch that the collector last heard. */
  centralEpoch: z.optional(z.nullable(z.int())),
  mode: z.optional(z.enum(["edge", "central"])),
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

export const RECEIVED_RANGES_MAX = 200;

export const heartbeatResponseSchema = z.object({
  serverTime: z.iso.datetime({ offset: true }),
  pace: paceSchema,
  commands: z.array(commandSchema),
  /** Who this collector is at central: part of what central signs of a command. Since protocol 2. */
  collectorId: z.optional(z.uuid()),
  /** Rises when central finds that it was restored from an older backup. Since protocol 2. */
  centralEpoch: z.optional(z.int()),
  /**
   * Which of this collector's sequence numbers central holds, inclusive, ascending: what the collector believes
   * acknowledged and is not in here is sent again. The newest `RECEIVED_RANGES_MAX`; below the first one nothing is said.
   */
  received: z.optional(
    z.object({
      epoch: z.int(),
      ranges: z.array(z.tuple([z.int(), z.int()])).check(z.maxLength(RECEIVED_RANGES_MAX)),
      /** True when older ranges were left out. */
      truncated: z.boolean(),
    }),
  ),
});
export type HeartbeatResponse = z.infer<typeof heartbeatResponseSchema>;
