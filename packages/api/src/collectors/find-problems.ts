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
/** Shares of what is usual: the second number ends the alert, so that a camera at a tenth does not come and go by chance. */
const SILENT = { opens: 0.2, ends: 0.4 };
/** After a day without a further loss. */
const LOSS_MS = 24 * 3_600_000;
/** After a day without another device: the known one speaks every minute, and says nothing of whether the other is gone. */
const CHANGED_MS = 24 * 3_600_000;
/** Collectors keep seven days: what has not closed a gap by then will not come. */
const BROKEN_MS = 7 * 24 * 3_600_000;
/** What only a collector that speaks can tell of. */
const TOLD_BY_ITSELF: ReadonlySet<HealthKind> = new Set([
  "disk_low",
  "hot",
  "clock_wrong",
  "damaged",
  "camera_offline",
  "camera_silent",
]);

export type Problem = {
  kind: HealthKind;
  cameraId: string | null;
  detail: Record<string, unknown>;
  /** Told a last time: nothing more can come of it. */
  isOver?: true;
};
export type OpenAlert = Problem & { id: string; openedAt: Date };
/** Numbers of an epoch that central lacks. */
type Missing = { epoch: number; count: number; from: number; to: number };

export type Facts = {
  revoked: boolean;
  /** Last heartbeat or batch. */
  lastSeenAt: Date | null;
  heartbeatAt: Date | null;
  heartbeat: Heartbeat | null;
  /** Cameras that somebody approved; `key` is the collector's own name. */
  cameras: readonly { id: string; key: string; hour: HourOfCamera | undefined }[];
  /** Numbers that the collector has used, that do not wait there, and that central lacks; null while it cannot be told. */
  missing: Missing | null;
  /** How many of them were given up for lost. */
  lost: number;
  centralEpoch: number;
  open: readonly OpenAlert[];
};

const atOf = (detail: Record<string, unknown> | undefined, name: string): number => {
  const at = detail?.[name];
  return typeof at === "string" ? Date.parse(at) : Number.NEGATIVE_INFINITY;
};

/** Rows that a collector has still to send; damaged ones it cannot. */
export const waitingRows = (heartbeat: Heartbeat | null): number =>
  Math.max(0, (heartbeat?.buffer.rows ?? 0) - (heartbeat?.buffer.damaged ?? 0));

/** Of the clock of a collector against central's, at its last heartbeat; null before the first. */
export const clockOffsetMs = (facts: Pick<Facts, "heartbeat" | "heartbeatAt">): number | null =>
  facts.heartbeat && facts.heartbeatAt ? Date.parse(facts.heartbeat.clock.now) - facts.heartbeatAt.getTime() : null;

const ofBoard = (facts: Facts, nowMs: number, open: (kind: HealthKind) => OpenAlert | undefined): Problem[] => {
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
  const { damaged: rows = 0, damagedImages: images = 0 } = facts.heartbeat?.buffer ?? {};
  if (rows > 0 || nowMs - atOf(open("damaged")?.detail, "at") < LOSS_MS)
    problems.push({ kind: "damaged", cameraId: null, detail: { rows, images } });
  return problems;
};

const ofCameras = (facts: Facts, isLive: boolean): Problem[] => {
  const { heartbeat, cameras, open } = facts;
  const statuses = new Map(heartbeat?.cameras.map(({ cameraId, status }) => [cameraId, status]));
  // What still waits at the collector was seen and is not counted yet.
  const isComplete = isLive && waitingRows(heartbeat) <= DRAINING_ROWS;
  return cameras.flatMap(({ id, key, hour }): Problem[] => {
    const status = statuses.get(key);
    if (status === "offline" || status === "error")
      return [{ kind: "camera_offline", cameraId: id, detail: { status } }];
    const { actual = 0, expected = null } = hour ?? {};
    const wasSilent = open.some((alert) => alert.kind === "camera_silent" && alert.cameraId === id);
    const usual = expected ?? 0;
    // Early in an hour little is expected: then nothing begins a silence, and a single detection does not end one.
    const isSilent = wasSilent
      ? actual < SILENT.ends * Math.max(usual, EXPECTED_MIN)
      : usual >= EXPECTED_MIN && actual < SILENT.opens * usual;
    return isSilent && (isComplete || wasSilent)
      ? [{ kind: "camera_silent", cameraId: id, detail: { actual, expected } }]
      : [];
  });
};

/** A damaged row is missing as well; it is told of as that. */
const countLacking = ({ missing, heartbeat, lost }: Facts): number =>
  Math.max(0, (missing?.count ?? 0) - (heartbeat?.buffer.damaged ?? 0) - lost);

const findGap = (facts: Facts, nowMs: number, gap: OpenAlert | undefined): Problem[] => {
  const { missing, lost } = facts;
  if (!missing) return gap ? [gap] : [];
  const count = countLacking(facts);
  const problem: Problem = { kind: "gap", cameraId: null, detail: { ...missing, count } };
  const isBroken = nowMs - atOf(gap?.detail, "brokenOn") < BROKEN_MS;
  if (count === 0) return isBroken ? [problem] : [];
  const { epoch, count: before } = gap?.detail ?? {};
  const hasGrown = !gap || epoch !== missing.epoch || typeof before !== "number" || count > before;
  const grownAt = hasGrown ? nowMs : atOf(gap.detail, "grownOn");
  const isLost = nowMs - grownAt >= BROKEN_MS && !isBroken;
  return [
    {
      ...problem,
      detail: {
        ...problem.detail,
        grownOn: new Date(grownAt).toISOString(),
        ...(isLost ? { lost: lost + count } : {}),
      },
      ...(isLost ? { isOver: true as const } : {}),
    },
  ];
};

/** Over when all is here that the collector had when it heard of the restore: a busy site always has something to send. */
const findRestored = (facts: Facts, restored: OpenAlert): Problem[] => {
  const { missing, heartbeat, heartbeatAt, centralEpoch } = facts;
  const hasHeard =
    heartbeat !== null &&
    heartbeatAt !== null &&
    heartbeatAt > restored.openedAt &&
    (heartbeat.centralEpoch ?? centralEpoch) >= centralEpoch;
  if (!hasHeard) return [restored];
  const told = restored.detail["upTo"];
  const upTo = typeof told === "number" ? told : heartbeat.lastSeq;
  const isSent = waitingRows(heartbeat) === 0 || (heartbeat.buffer.lowestUnacked ?? 0) > upTo;
  return isSent && missing && countLacking(facts) === 0 ? [] : [{ ...restored, detail: { ...restored.detail, upTo } }];
};

const ofEvidence = (facts: Facts, nowMs: number, open: (kind: HealthKind) => OpenAlert | undefined): Problem[] => {
  const problems = findGap(facts, nowMs, open("gap"));
  const sacrificed = open("sacrificed");
  if (sacrificed && nowMs - atOf(sacrificed.detail, "at") < LOSS_MS) problems.push(sacrificed);
  const changed = open("device_changed");
  if (changed && nowMs - atOf(changed.detail, "at") < CHANGED_MS) problems.push(changed);
  const restored = open("restored");
  return restored ? [...problems, ...findRestored(facts, restored)] : problems;
};

/** Everything that is wrong now. @param silentSinceMs a silence that began before this is counted from then: central itself was away */
export const findProblems = (facts: Facts, nowMs: number, silentSinceMs: number): Problem[] => {
  if (facts.revoked || facts.lastSeenAt === null) return [];
  const open = (kind: HealthKind) => facts.open.find((alert) => alert.kind === kind);
  const silentMs = nowMs - Math.max(facts.lastSeenAt.getTime(), silentSinceMs);
  const evidence = ofEvidence(facts, nowMs, open);
  if (silentMs > COLLECTOR_OFFLINE_MS) {
    // What a collector said of itself last says nothing of now: neither that something is wrong nor that it is over.
    const lastSeenAt = facts.lastSeenAt.toISOString();
    const unknown = facts.open.filter(({ kind }) => TOLD_BY_ITSELF.has(kind));
    return [{ kind: "offline", cameraId: null, detail: { lastSeenAt } }, ...unknown, ...evidence];
  }
  const isLate = silentMs > COLLECTOR_LATE_MS;
  const late: Problem[] = isLate
    ? [{ kind: "late", cameraId: null, detail: { lastSeenAt: facts.lastSeenAt.toISOString() } }]
    : [];
  return [...late, ...ofBoard(facts, nowMs, open), ...ofCameras(facts, !isLate), ...evidence];
};
