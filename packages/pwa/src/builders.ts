/**
 * Detections, alerts and collectors for tests, complete and plausible, with what a test is about given by it.
 * Rule: used by tests alone.
 */
import {
  type AlertView,
  type CollectorView,
  type CommandView,
  type DetectionView,
  type HealthAlert,
  type Me,
  type Role,
  explainMatch,
  normalizePlate,
} from "@chaverim/contracts";

/** A valid uuid that names a small number. */
export const uuidOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** `2026-11-22T20:00:00Z` plus so many seconds. */
const secondsIn = (seconds: number): string => new Date(Date.UTC(2026, 10, 22, 20, 0, seconds)).toISOString();

/** So many hours from now. */
export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

/** What somebody looks for, open since an hour ago. */
export const aPurpose = (): NonNullable<Me["investigation"]> => ({
  id: uuidOf(9),
  code: "stolen_vehicle",
  text: null,
  caseNumber: "24-118",
  openedAt: inHours(-1),
  expiresAt: inHours(7),
});

/** Somebody who is signed in and trained, and looks for nothing yet. */
export const aMe = (role: Role = "operator", more: Partial<Me> = {}): Me => ({
  user: {
    id: uuidOf(7),
    email: "dov@example.org",
    name: "Dov",
    role,
    area: role === "viewer" ? "North" : null,
    trainedOn: "2026-01-01",
  },
  deviceId: uuidOf(8),
  expiresAt: inHours(12),
  idleExpiresAt: inHours(0.5),
  stepUpUntil: null,
  investigation: null,
  trainedUntil: inHours(24).slice(0, 10),
  looksLeft: role === "viewer" ? 32 : null,
  recoveryCodesLeft: 10,
  notices: [],
  reviewsWaiting: 0,
  ...more,
});

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

/** A collector that is well, with one camera. */
export const aCollector = (more: Partial<CollectorView> = {}): CollectorView => ({
  id: uuidOf(1),
  name: "Bridge",
  state: "live",
  lastSeenAt: secondsIn(0),
  lastHeartbeatAt: secondsIn(0),
  version: "1.8.2",
  protocol: 2,
  queue: { rows: 0, oldestAt: null },
  lanes: {
    metadata: { rows: 0, oldestAt: null },
    images: { rows: 0, oldestAt: null },
    drainSeconds: null,
    imageSecondsLeft: null,
  },
  clockOffsetMs: 0,
  signed: true,
  health: [],
  diskUsed: 0.5,
  temperature: 50,
  throttled: false,
  quarantined: 0,
  perMinute: [],
  delaySeconds: null,
  keys: [],
  cameras: [
    { id: uuidOf(2), name: "gate", area: null, approved: true, status: "online", lastDetectionAt: secondsIn(0) },
  ],
  ...more,
});

export const aProblem = (kind: HealthAlert["kind"], more: Partial<HealthAlert> = {}): HealthAlert => ({
  id: uuidOf(1),
  kind,
  camera: null,
  detail: {},
  openedAt: secondsIn(0),
  resolvedAt: null,
  ...more,
});

/** A test of the camera `gate` that was given and not fetched. */
export const aCommand = (more: Partial<CommandView> = {}): CommandView => ({
  id: uuidOf(1),
  verb: "capture_test",
  camera: { id: uuidOf(2), name: "gate" },
  level: null,
  createdAt: secondsIn(0),
  createdBy: "Rivka A.",
  notAfter: secondsIn(86_400),
  sentAt: null,
  acked: null,
  arrivedAt: null,
  ...more,
});
