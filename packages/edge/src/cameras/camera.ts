/**
 * What a camera is to the rest of the collector: something that yields sightings.
 * Rule: a sighting is checked here, before it is yielded, so that nothing foreign can fail further in.
 */
import {
  IMAGE_BYTES_MAX,
  detectionSchema,
  type CAMERA_STATUSES,
  type Detection,
  type ImageRole,
} from "@chaverim/contracts";
import * as z from "zod";
import * as mini from "zod/mini";
import type { Arrival, CentralTime } from "../clock.ts";
import { UnreadableError } from "../failure.ts";

const readingSchema = mini.omit(detectionSchema, { id: true, images: true, epoch: true, seq: true });
/** A detection before the buffer has numbered it. */
export type Reading = mini.infer<typeof readingSchema>;

/** An original JPEG of the camera; never re-encoded. */
export type Picture = { role: ImageRole; bytes: Buffer };

export type Sighting = {
  reading: Reading;
  pictures: Picture[];
  /** Names the vendor's event: the same event with nothing new in it is not stored a second time. */
  source: string;
};

export type CameraStatus = {
  status: (typeof CAMERA_STATUSES)[number];
  lastDetectionAt: string | null;
  /** The camera's clock minus the best known time, milliseconds. */
  clockOffsetMs: number | null;
  /** Pictures of driver or passenger that the camera sent and the collector threw away, since start. */
  occupantPicturesDropped: number;
};

export type Camera = {
  id: string;
  status: () => CameraStatus;
  /**
   * Yields sightings until the signal is aborted. Asking for the next one says that the last one is durable: only then
   * may the camera let go of where it came from. Bad material goes to quarantine and never ends the iteration.
   */
  sightings: (signal: AbortSignal) => AsyncIterable<Sighting>;
};

/** JPEG begins with SOI and another marker (ITU T.81 annex B). */
export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/**
 * Checks what an adapter made of foreign material.
 * @throws UnreadableError in words for the quarantine
 */
export const checkSighting = (sighting: Sighting): Sighting => {
  const reading = readingSchema.safeParse(sighting.reading);
  if (!reading.success) throw new UnreadableError(z.prettifyError(reading.error));
  for (const { role, bytes } of sighting.pictures) {
    if (!isJpeg(bytes)) throw new UnreadableError(`The ${role} picture is not a JPEG.`);
    if (bytes.length > IMAGE_BYTES_MAX) throw new UnreadableError(`The ${role} picture has more than 8 MB.`);
  }
  return { ...sighting, reading: reading.data };
};

/** A camera's clock that is further off than this is wrong, whatever it says: half a minute covers NTP gone for weeks. */
const CAMERA_CLOCK_TRUST_MS = 30_000;

/**
 * When a car was seen, from what the camera says and when its message came.
 * @param cameraMs the camera's time in milliseconds since 1970; null when it gave none, or none with an offset
 * @param trusted whether the owner marked this camera's clock as kept right (NTP)
 */
export const believedTime = (
  central: CentralTime,
  arrival: Arrival,
  cameraMs: number | null,
  trusted: boolean,
): { capturedAt: string; clock: NonNullable<Detection["clock"]>; cameraOffsetMs: number | null } => {
  const { atMs, clock } = central.timeOf(arrival);
  const cameraOffsetMs = cameraMs === null ? null : Math.round(cameraMs - atMs);
  const believed = trusted && cameraOffsetMs !== null && Math.abs(cameraOffsetMs) <= CAMERA_CLOCK_TRUST_MS;
  return {
    capturedAt: new Date(believed && cameraMs !== null ? cameraMs : atMs).toISOString(),
    clock: believed ? { ...clock, source: "camera", offsetMs: null } : clock,
    cameraOffsetMs,
  };
};

/** Reads a time that names its offset (ISO 8601); a time without one could be anywhere within a day and is null. */
export const readZonedTime = (text: string | null): number | null => {
  if (text === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : atMs;
};
