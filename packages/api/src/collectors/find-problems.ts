/**
 * What is wrong with a collector, judged from what is known of it: pure, so that each threshold can be tried.
 * Rule: an alert is open exactly while its problem is found here; what cannot be judged now stays as it is.
 */
import { COLLECTOR_LATE_MS, COLLECTOR_OFFLINE_MS, type Heartbeat } from "@chaverim/contracts";
import type { HourOfCamera } from "./expected.ts";
import type { HealthKind } from "./health-alerts.ts";

/** Fewer waiting rows than one batch of the mall preset is ordinary traffic, not a backlog. */
export const DRAINING_ROWS = 50;
/** Share of the disk that is free; the second number ends the alert, so that it does not come and go. */
const DISK_LOW = { opens: 0.1, ends: 0.12 };
/** Degrees Celsius: a Raspberry Pi throttles itself from 80 on. */
const HOT = { opens: 80, ends: 75 };
/** As wrong as a capture time that is not believed. */
const CLOCK_WRONG_MS = 5 * 60_000;
/** A camera with fewer detections than these by now is too quiet to be judged by its silence. */
const EXPECTED_MIN = 10;
const SILENT_SHARE = 0.2;
/** After a day without a further loss. */
const SACRIFICED_MS = 24 * 3_600_000;
/** After a day without another device: the known one speaks every minute, and says nothing of whether the other is gone. */
const CHANGED_MS = 24 * 3_600_000;
/** Collectors keep seven days: what has not closed a gap by then will not come. */
const BROKEN_MS = 7 * 24 * 3_600_000;

export type Problem = { kind: HealthKind; cameraId: string | null; detail: Record<string, unknown> };
export type OpenAlert = Problem & { id: string; openedAt: Date };

export type Facts = {
  revoked: boolean;
  /** Last heartbeat or batch. */
  lastSeenAt: Date | null;
  heartbeatAt: Date | null;
  heartbeat: Heartbeat | null;
  /** Cameras that somebody approved; `key` is the collector's own name. */
  cameras: readonly { id: string; key: string; hour: HourOfCamera | undefined }[];
  /** Numbers that the collector has used, has a receipt for, and central lacks; null while it cannot be told. */
  missing: { count: number; from: number; to: number } | null;
  centralEpoch: number;
  open: readonly OpenAlert[];
};

const atOf = (detail: Record<string, unknown> | undefined, name: string): number => {
  const at = detail?.[name];
  return typeof at === "string" ? Date.parse(at) : Number.NEGATIVE_INFINITY;
};

/** Of the clock of a collector against central's, at its last heartbeat; null before the first. */
export const clockOffsetMs = (facts: Pick<Facts, "heartbeat" | "heartbeatAt">): number | null =>
  facts.heartbeat && facts.heartbeatAt ? Date.parse(facts.heartbeat.clock.now) - facts.heartbeatAt.getTime() : null;

const ofBoard = (facts: Facts, open: (kind: HealthKind) => OpenAlert | undefined): Problem[] => {
  const { disk, temperature } = facts.heartbeat ?? { disk: null, temperature: null };
  const problems: Problem[] = [];
  const free = disk && disk.freeBytes / Math.max(1, disk.totalBytes);
  if (free !== null && free < (open("disk_low") ? DISK_LOW.ends : DISK_LOW.opens))
    problems.push({ kind: "disk_low", cameraId: null, detail: { free } });
  if (temperature !== null && temperature > (open("hot") ? HOT.ends : HOT.opens))
    problems.push({ kind: "hot", cameraId: null, detail: { temperature } });
  const offsetMs = clockOffsetMs(facts);
  if (offsetMs !== null && Math.abs(offsetMs) > CLOCK_WRONG_MS)
    problems.push({ kind: "clock_wrong", cameraId: null, detail: { offsetMs } });
  return problems;
};

const ofCameras = (facts: Facts, isLive: boolean): Problem[] => {
  const { heartbeat, cameras, open } = facts;
  const statuses = new Map(heartbeat?.cameras.map(({ cameraId, status }) => [cameraId, status]));
  // What still waits at the collector was seen and is not counted yet.
  const isComplete = isLive && (heartbeat?.buffer.rows ?? 0) <= DRAINING_ROWS;
  return cameras.flatMap(({ id, key, hour }): Problem[] => {
    const status = statuses.get(key);
    if (status === "offline" || status === "error")
      return [{ kind: "camera_offline", cameraId: id, detail: { status } }];
    const { actual = 0, expected = null } = hour ?? {};
    const wasSilent = open.some((alert) => alert.kind === "camera_silent" && alert.cameraId === id);
    const enough = SILENT_SHARE * (expected ?? 0);
    // Early in an hour little is expected: then one detection ends the silence, and nothing begins it.
    const isSilent = wasSilent ? actual < Math.max(1, enough) : (expected ?? 0) >= EXPECTED_MIN && actual < enough;
    return isSilent && (isComplete || wasSilent)
      ? [{ kind: "camera_silent", cameraId: id, detail: { actual, expected } }]
      : [];
  });
};

const ofEvidence = (facts: Facts, nowMs: number, open: (kind: HealthKind) => OpenAlert | undefined): Problem[] => {
  const { missing, heartbeat, heartbeatAt, centralEpoch } = facts;
  const problems: Problem[] = [];
  const gap = open("gap");
  const isBroken = nowMs - atOf(gap?.detail, "brokenOn") < BROKEN_MS;
  if (missing ? missing.count > 0 || isBroken : gap)
    problems.push({ kind: "gap", cameraId: null, detail: { ...missing } });
  const sacrificed = open("sacrificed");
  if (sacrificed && nowMs - atOf(sacrificed.detail, "at") < SACRIFICED_MS) problems.push(sacrificed);
  const changed = open("device_changed");
  if (changed && nowMs - atOf(changed.detail, "at") < CHANGED_MS) problems.push(changed);
  const restored = open("restored");
  const isHealed =
    restored &&
    heartbeatAt !== null &&
    heartbeatAt > restored.openedAt &&
    (heartbeat?.centralEpoch ?? centralEpoch) >= centralEpoch &&
    missing?.count === 0;
  if (restored && !isHealed) problems.push(restored);
  return problems;
};

/** Everything that is wrong now. @param silentSinceMs a silence that began before this is counted from then: central itself was away */
export const findProblems = (facts: Facts, nowMs: number, silentSinceMs: number): Problem[] => {
  if (facts.revoked || facts.lastSeenAt === null) return [];
  const open = (kind: HealthKind) => facts.open.find((alert) => alert.kind === kind);
  const silentMs = nowMs - Math.max(facts.lastSeenAt.getTime(), silentSinceMs);
  const evidence = ofEvidence(facts, nowMs, open);
  if (silentMs > COLLECTOR_OFFLINE_MS) {
    // What a collector said of itself last says nothing of now.
    const lastSeenAt = facts.lastSeenAt.toISOString();
    return [{ kind: "offline", cameraId: null, detail: { lastSeenAt } }, ...evidence];
  }
  const isLate = silentMs > COLLECTOR_LATE_MS;
  const late: Problem[] = isLate
    ? [{ kind: "late", cameraId: null, detail: { lastSeenAt: facts.lastSeenAt.toISOString() } }]
    : [];
  return [...late, ...ofBoard(facts, open), ...ofCameras(facts, !isLate), ...evidence];
};
