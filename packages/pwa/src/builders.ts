/**
 * Detections and alerts for tests, complete and plausible, with what a test is about given by it.
 * Rule: used by tests alone.
 */
import { type AlertView, type DetectionView, explainMatch, normalizePlate } from "@chaverim/contracts";

/** A valid uuid that names a small number. */
export const uuidOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** `2026-11-22T20:00:00Z` plus so many seconds. */
const secondsIn = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 20, 0, seconds)).toISOString();

export const aDetection = (number: number, more: Partial<DetectionView> = {}): DetectionView => ({
  id: uuidOf(number),
  plate: { text: "1285-67", normalized: "128567", confidence: 0.93 },
  camera: { id: uuidOf(1), name: "North Gate 2", area: "North", heading: 180 },
  detectedAt: secondsIn(number),
  receivedAt: secondsIn(number + 1),
  clockSuspect: false,
  vehicle: null,
  duplicateOf: null,
  corrected: null,
  images: { crop: null, full: null },
  ...more,
});

export const anAlert = (
  number: number,
  { listed = "1285-67", read = "1285-67", ...more }: { listed?: string; read?: string } & Partial<AlertView> = {},
): AlertView => ({
  id: uuidOf(number),
  change: number,
  state: "new",
  priority: 1,
  watchlist: { id: uuidOf(1), name: "Stolen vehicle" },
  entry: {
    id: uuidOf(1),
    plate: listed,
    reason: "Reported stolen",
    vehicle: null,
    addedAt: secondsIn(0),
    addedBy: "Rivka A.",
  },
  detection: aDetection(number, { plate: { text: read, normalized: normalizePlate(read), confidence: 0.86 } }),
  match: explainMatch(normalizePlate(listed), normalizePlate(read)) ?? { kind: "exact", differences: [] },
  late: false,
  createdAt: secondsIn(number),
  acknowledged: null,
  resolved: null,
  ...more,
});
