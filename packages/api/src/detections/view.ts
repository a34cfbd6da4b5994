/**
 * Detections as screens show them: one query shape and one presenter for every list, alert and live row.
 * Rule: what a role may not see leaves the server as null, not as something that the screen hides.
 */
import { type DetectionView, type ImageRole, can } from "@chaverim/contracts";
import type { Queryable } from "@chaverim/db/open";
import { type Looker, fieldAlertAt, isAlertInReach, reachOf } from "./reach.ts";

export type DetectionRow = {
  id: string;
  plate: string;
  plateText: string | null;
  confidence: number | null;
  vehicle: Record<string, unknown> | null;
  detectedAt: Date;
  receivedAt: Date;
  clockSuspect: boolean;
  duplicateOf: string | null;
  cameraId: string;
  cameraName: string;
  area: string | null;
  heading: number | null;
  imageRoles: ImageRole[] | null;
  /** When the newest alert on it of a list marked for the field was raised. */
  fieldAlertAt: Date | null;
  /** The newest correction of the reading. */
  corrected: { plate: string; by: string; at: string; reason: string } | null;
};

/** The columns of a DetectionRow; the query names detections `d` and adds `detectionJoins`. */
export const detectionColumns = (sql: Queryable) => sql`
  d.id, d.plate, d.plate_text as "plateText", d.confidence, d.vehicle, d.detected_at as "detectedAt",
  d.received_at as "receivedAt", d.clock_suspect as "clockSuspect", d.duplicate_of as "duplicateOf",
  c.id as "cameraId", c.name as "cameraName", c.area, c.heading, images.roles as "imageRoles",
  ${fieldAlertAt(sql)} as "fieldAlertAt", correction.corrected`;

export const detectionJoins = (sql: Queryable) => sql`
  join cameras c on c.id = d.camera_id
  left join lateral (select array_agg(i.role) as roles from evidence_images i where i.detection_id = d.id) images on true
  left join lateral (
    select jsonb_build_object('plate', r.corrected, 'by', u.name, 'reason', r.reason,
      'at', to_char(r.corrected_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as corrected
    from reading_corrections r join users u on u.id = r.corrected_by
    where r.detection_id = d.id order by r.corrected_at desc, r.id desc limit 1) correction on true`;

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** What somebody sees of a detection in reach, or of one with an alert that they may see: its scene in the second case alone. */
export const detectionToView = (row: DetectionRow, looker: Looker): DetectionView => {
  const { role } = looker;
  const held = new Set(row.imageRoles ?? []);
  const maySeeScene = can(role, "see_scene") && isAlertInReach(reachOf(looker), row);
  const address = (image: ImageRole, allowed: boolean) =>
    held.has(image) && allowed ? `/api/evidence/${row.id}/${image}` : null;
  return {
    id: row.id,
    plate: { text: row.plateText, normalized: row.plate === "" ? null : row.plate, confidence: row.confidence },
    camera: { id: row.cameraId, name: row.cameraName, area: row.area, heading: row.heading },
    detectedAt: row.detectedAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    clockSuspect: row.clockSuspect,
    vehicle: row.vehicle && {
      make: text(row.vehicle["make"]),
      model: text(row.vehicle["model"]),
      color: text(row.vehicle["color"]),
      type: text(row.vehicle["type"]),
      direction: text(row.vehicle["direction"]),
    },
    duplicateOf: row.duplicateOf,
    corrected: row.corrected,
    images: { crop: address("crop", can(role, "see_crop")), full: address("full", maySeeScene) },
  };
};
