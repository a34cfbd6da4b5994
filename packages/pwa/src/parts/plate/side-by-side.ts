/**
 * Two plates' detections side by side, and where they met.
 * Rule: a meeting is two readings at one camera within the window by which central counts companions; each reading is in
 * one row.
 */
import type { DetectionView } from "@chaverim/contracts";

/** So far apart do cars drive that belong together; central counts companions by the same. */
export const MEETING_MS = 30_000;

/** One row, newest first; both sides are filled where the two plates met. */
export type PairRow = { at: string; left: DetectionView | null; right: DetectionView | null };

const timeOf = ({ detectedAt }: DetectionView): number => Date.parse(detectedAt);

/** The nearest of the other plate's readings at the same camera within the window. */
const findMeeting = (left: DetectionView, others: readonly DetectionView[], met: ReadonlySet<string>) => {
  let nearest: DetectionView | null = null;
  let nearestMs = MEETING_MS + 1;
  for (const other of others) {
    const apartMs = Math.abs(timeOf(other) - timeOf(left));
    if (apartMs >= nearestMs || met.has(other.id)) continue;
    nearest = other;
    nearestMs = apartMs;
  }
  return nearest;
};

/** @param left, right newest first */
export const putSideBySide = (left: readonly DetectionView[], right: readonly DetectionView[]): PairRow[] => {
  const byCamera = Map.groupBy(right, ({ camera }) => camera.id);
  const met = new Set<string>();
  const rows = left.map((detection): PairRow => {
    const meeting = findMeeting(detection, byCamera.get(detection.camera.id) ?? [], met);
    if (meeting !== null) met.add(meeting.id);
    return { at: detection.detectedAt, left: detection, right: meeting };
  });
  const alone = right
    .filter(({ id }) => !met.has(id))
    .map((detection): PairRow => ({ at: detection.detectedAt, left: null, right: detection }));
  return [...rows, ...alone].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
};

export const isMeeting = (row: PairRow): boolean => row.left !== null && row.right !== null;

/** How far apart a meeting's two readings were, seconds. */
export const secondsApart = ({ left, right }: PairRow): number =>
  left === null || right === null ? 0 : Math.round(Math.abs(timeOf(left) - timeOf(right)) / 1000);
