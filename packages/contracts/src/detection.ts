/**
 * A detection as a collector sends it: one reading of one camera, with the images it declares.
 * Rule: unknown fields are kept, not refused, and plates, picture names and ids are strings.
 */
import * as z from "zod/mini";
import { PLATE_TEXT_MAX } from "./plate.ts";

export const IMAGE_ROLES = ["full", "crop"] as const;
export type ImageRole = (typeof IMAGE_ROLES)[number];

/** Free text from a camera or a collector: short, and without control characters. */
const text = (max: number) =>
  z.string().check(z.maxLength(max), z.regex(/^[^\u0000-\u001f\u007f]*$/, "contains a control character"));
const optionalText = (max: number) => z.optional(z.nullable(text(max)));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in lower-case hex"));

/** The largest single image that is accepted: 8 MB; a full scene is 50 KB to 1 MB. */
export const IMAGE_BYTES_MAX = 8 * 1024 * 1024;

export const imageSchema = z.looseObject({
  role: z.enum(IMAGE_ROLES),
  sha256,
  bytes: z.int().check(z.gte(1), z.lte(IMAGE_BYTES_MAX)),
  mime: z.literal("image/jpeg"),
});
export type DeclaredImage = z.infer<typeof imageSchema>;

export const clockSchema = z.looseObject({
  /** Where the time came from, e.g. `collector`, `camera`, `ntp`. */
  source: text(32),
  synced: z.boolean(),
  /** What was added to the device's clock to get `capturedAt`, in milliseconds. */
  offsetMs: z.nullable(z.number()),
  bootId: optionalText(64),
  monotonicMs: z.optional(z.nullable(z.number())),
});

export const vehicleSchema = z.looseObject({
  make: optionalText(64),
  model: optionalText(64),
  color: optionalText(32),
  type: optionalText(32),
  direction: optionalText(32),
  lane: optionalText(16),
  speedKph: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(500)))),
});
export type Vehicle = z.infer<typeof vehicleSchema>;

const latitude = z.number().check(z.gte(-90), z.lte(90));
const longitude = z.number().check(z.gte(-180), z.lte(180));

export const detectionSchema = z.looseObject({
  /** UUID v7 made at the collector: the idempotency key. */
  id: z.uuidv7(),
  /** The collector's own name for the camera. */
  cameraId: text(128).check(z.minLength(1)),
  /** Best known time of the reading, ISO 8601 with offset. */
  capturedAt: z.iso.datetime({ offset: true }),
  /** What the camera itself said, verbatim. */
  cameraTime: optionalText(64),
  clock: z.optional(z.nullable(clockSchema)),
  plate: z.looseObject({
    /** As read; null when the camera read none. */
    text: z.nullable(text(PLATE_TEXT_MAX)),
    confidence: z.optional(z.nullable(z.number().check(z.gte(0), z.lte(1)))),
    region: optionalText(32),
    candidates: z.optional(
      z
        .array(
          z.looseObject({ text: text(PLATE_TEXT_MAX), confidence: z.nullable(z.number().check(z.gte(0), z.lte(1))) }),
        )
        .check(z.maxLength(16)),
    ),
  }),
  /** Where the plate is in the full scene: x, y, width, height in pixels. */
  box: z.optional(z.nullable(z.tuple([z.number(), z.number(), z.number(), z.number()]))),
  vehicle: z.optional(z.nullable(vehicleSchema)),
  location: z.optional(z.nullable(z.looseObject({ lat: latitude, lon: longitude }))),
  vendor: z.optional(
    z.nullable(
      z.looseObject({
        name: text(32),
        eventId: optionalText(128),
        /** The camera sent this from its own memory after an outage: stored, never a live alert. */
        retransmitted: z.optional(z.boolean()),
        /** SHA-256 of the vendor's raw message. */
        raw: z.optional(z.nullable(sha256)),
      }),
    ),
  ),
  images: z.array(imageSchema).check(z.maxLength(IMAGE_ROLES.length)),
  epoch: z.optional(z.int().check(z.gte(0))),
  seq: z.optional(z.int().check(z.gte(0))),
  prev: z.optional(z.nullable(sha256)),
  nonce: optionalText(64),
});
export type Detection = z.infer<typeof detectionSchema>;

/** Same camera + same plate within this time: kept as evidence, linked, no second alert. */
export const DUPLICATE_WINDOW_MS = 30_000;
/** A detection that arrives this long after it was captured is late: its alert is marked and silent. */
export const LATE_AFTER_MS = 10 * 60_000;
/** A clock this far ahead of central is not believed. */
export const CLOCK_FUTURE_MAX_MS = 5 * 60_000;
/** No collector of ours existed before this time; an earlier clock is not believed. */
export const CLOCK_EARLIEST_MS = Date.UTC(2024, 0, 1);

/** Says whether a claimed time can be believed, seen from central's clock. Both in milliseconds since 1970. */
export const isClockSuspect = (capturedAtMs: number, receivedAtMs: number): boolean =>
  capturedAtMs > receivedAtMs + CLOCK_FUTURE_MAX_MS || capturedAtMs < CLOCK_EARLIEST_MS;

/** A reading with what the 30-second rule needs: `key` joins plate and camera. */
export type TimedReading = { id: string; key: string; atMs: number };

/** Earliest first; of two at the same millisecond the smaller id, so that any order of arrival gives the same answer. */
const inTimeOrder = (readings: readonly TimedReading[]): TimedReading[] =>
  readings.toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));

/**
 * The 30-second rule: a reading is a duplicate if a primary with the same key lies within 30 s of it.
 * Greedy in time order, over stored primaries first; the order in which either list is given does not matter.
 * @param primaries stored primaries with the keys of `readings`, any order
 * @returns the id of the primary by the id of each duplicate; readings that are not in the map are new primaries
 */
export const linkDuplicates = (
  primaries: readonly TimedReading[],
  readings: readonly TimedReading[],
): Map<string, string> => {
  const primariesByKey = new Map<string, TimedReading[]>();
  const keep = (reading: TimedReading) => {
    const list = primariesByKey.get(reading.key);
    if (list) list.push(reading);
    else primariesByKey.set(reading.key, [reading]);
  };
  for (const primary of inTimeOrder(primaries)) keep(primary);
  const primaryByDuplicate = new Map<string, string>();
  for (const reading of inTimeOrder(readings)) {
    const near = primariesByKey
      .get(reading.key)
      ?.find((primary) => Math.abs(primary.atMs - reading.atMs) <= DUPLICATE_WINDOW_MS);
    if (near && near.id !== reading.id) primaryByDuplicate.set(reading.id, near.id);
    else if (!near) keep(reading);
  }
  return primaryByDuplicate;
};
