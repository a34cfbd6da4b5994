/**
 * Detections as a file: of one plate, or of what was found by place, time and vehicle.
 * Rule: the file says who made it for whom and why; it is a list, no evidence: that is what packs are for.
 */
import type { DetectionView } from "@chaverim/contracts";
import { type Columns, toCsv } from "../csv.ts";

export type DetectionExport = { filename: string; mime: string; text: string; detections: number; truncated: boolean };

export type ExportAbout = {
  organisation: string;
  exportedBy: string;
  recipient: string;
  exportedAt: Date;
  /** What was asked for. */
  asked: Record<string, unknown>;
  /** There were more detections than one file takes; the newest are in it. */
  truncated: boolean;
};

const COLUMNS: Columns<DetectionView> = {
  id: ({ id }) => id,
  detected_at: ({ detectedAt }) => detectedAt,
  received_at: ({ receivedAt }) => receivedAt,
  clock_suspect: ({ clockSuspect }) => String(clockSuspect),
  plate_as_read: ({ plate }) => plate.text,
  plate: ({ plate }) => plate.normalized,
  confidence: ({ plate }) => plate.confidence,
  plate_corrected: ({ corrected }) => corrected?.plate ?? null,
  corrected_by: ({ corrected }) => corrected?.by ?? null,
  correction_reason: ({ corrected }) => corrected?.reason ?? null,
  camera: ({ camera }) => camera.name,
  camera_id: ({ camera }) => camera.id,
  area: ({ camera }) => camera.area,
  make: ({ vehicle }) => vehicle?.make ?? null,
  model: ({ vehicle }) => vehicle?.model ?? null,
  color: ({ vehicle }) => vehicle?.color ?? null,
  type: ({ vehicle }) => vehicle?.type ?? null,
  direction: ({ vehicle }) => vehicle?.direction ?? null,
  duplicate_of: ({ duplicateOf }) => duplicateOf,
};

/** Writes the file. JSON names who, for whom and what beside the rows; a CSV of rows alone has no place for them. */
export const exportDetections = (
  format: "csv" | "json",
  detections: readonly DetectionView[],
  about: ExportAbout,
): DetectionExport => ({
  filename: `detections-${about.exportedAt.toISOString().slice(0, 10)}.${format}`,
  mime: format === "csv" ? "text/csv;charset=utf-8" : "application/json",
  text: format === "csv" ? toCsv(COLUMNS, detections) : `${JSON.stringify({ ...about, detections }, null, 2)}\n`,
  detections: detections.length,
  truncated: about.truncated,
});
