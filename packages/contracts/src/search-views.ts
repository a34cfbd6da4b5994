/**
 * Searches, plates, routes and the map as screens show them.
 * Rule: every number can be opened: what a count stands for is a filter or a plate that another question answers with rows.
 */
import * as z from "zod/mini";
import { SEARCH_WAYS, searchFiltersSchema } from "./query.ts";
import { detectionViewSchema } from "./views.ts";
import { prioritySchema } from "./watchlist.ts";

const positionSchema = z.nullable(z.object({ lat: z.number(), lon: z.number() }));

/** What is known of one plate. Hours are those of the organisation's time zone. */
export const plateViewSchema = z.object({
  plate: z.string(),
  sightings: z.int(),
  /** Null when it was never seen. */
  firstSeen: z.nullable(z.string()),
  lastSeen: z.nullable(z.string()),
  latest: z.nullable(detectionViewSchema),
  /** By the number of sightings, most first. */
  cameras: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      area: z.nullable(z.string()),
      sightings: z.int(),
      lastSeen: z.string(),
      /** Sightings by hour of the day, 24 of them. */
      hours: z.array(z.int()),
    }),
  ),
  /** Watched now, most urgent first; lists that the person may not see are left out. */
  entries: z.array(
    z.object({
      id: z.uuid(),
      list: z.string(),
      priority: prioritySchema,
      reason: z.string(),
      expiresAt: z.string(),
    }),
  ),
  /** Newest first; never changed, never removed. */
  notes: z.array(z.object({ id: z.uuid(), text: z.string(), by: z.string(), at: z.string() })),
  /** Readings that a person has corrected, from or to this plate, newest first. */
  corrections: z.array(
    z.object({
      detectionId: z.uuid(),
      observed: z.string(),
      corrected: z.string(),
      reason: z.string(),
      by: z.string(),
      at: z.string(),
    }),
  ),
});
export type PlateView = z.infer<typeof plateViewSchema>;

/** A plate that was at the same cameras at the same time. */
export const companionSchema = z.object({
  plate: z.string(),
  /** Different cameras at which both were seen within the window, and how often in all. */
  cameras: z.int(),
  meetings: z.int(),
  lastMetAt: z.string(),
  /** Newest first, at most five. */
  examples: z.array(z.object({ cameraId: z.uuid(), cameraName: z.string(), at: z.string(), secondsApart: z.number() })),
});
export type Companion = z.infer<typeof companionSchema>;

/** A camera on the map. */
export const mapCameraSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  area: z.nullable(z.string()),
  position: positionSchema,
  heading: z.nullable(z.number()),
  /** `silent`: up, and far fewer detections than usual. */
  health: z.enum(["live", "late", "offline", "silent", "unapproved"]),
  lastDetectionAt: z.nullable(z.string()),
  /** Detections by hour of the last 24, oldest first. */
  perHour: z.array(z.int()),
});
export type MapCamera = z.infer<typeof mapCameraSchema>;

/** Where the map's ground comes from; `builtin` asks no network. */
export const mapSourceSchema = z.union([
  z.object({ kind: z.literal("builtin"), attribution: z.string() }),
  z.object({ kind: z.enum(["pmtiles", "xyz"]), url: z.string(), attribution: z.string() }),
]);
export type MapSource = z.infer<typeof mapSourceSchema>;

/** What the built-in ground is made of; `main` roads are wider than streets. */
export const GROUND_KINDS = ["main", "street", "water", "green", "built"] as const;
/** The built-in ground: lines and areas of [longitude, latitude]. */
export const mapGroundSchema = z.object({
  shapes: z.array(
    z.object({
      kind: z.enum(GROUND_KINDS),
      isArea: z.boolean(),
      points: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
});
export type MapGround = z.infer<typeof mapGroundSchema>;

export const savedSearchSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Empty for a search by filters alone. */
  text: z.string(),
  way: z.enum(SEARCH_WAYS),
  filters: searchFiltersSchema,
  /** Only what no plate was read of; without a text alone. */
  unread: z.boolean(),
  savedAt: z.string(),
});
export type SavedSearch = z.infer<typeof savedSearchSchema>;
