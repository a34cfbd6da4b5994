/**
 * Two plates' detections side by side, and where they met.
 * Rule: a meeting is what central counts as one; each reading is in one row.
 */
import { type DetectionView, meetingsOf } from "@chaverim/contracts";

/** One row, newest first; both sides and how far they were apart are told where the two plates met. */
export type PairRow = {
  atMs: number;
  left: DetectionView | null;
  right: DetectionView | null;
  /** Whole seconds; null where they did not meet. */
  secondsApart: number | null;
};

const passageOf = ({ camera, detectedAt }: DetectionView) => ({ cameraId: camera.id, atMs: Date.parse(detectedAt) });

/** @param left, right newest first */
export const putSideBySide = (left: readonly DetectionView[], right: readonly DetectionView[]): PairRow[] => {
  // Each time is read once: a year of two cars is a million pairs.
  const [ours, theirs] = [left.map(passageOf), right.map(passageOf)];
  const meetings = meetingsOf(ours, theirs);
  const byOurs = new Map(meetings.map((meeting) => [meeting.ours, meeting]));
  const met = new Set(meetings.map((meeting) => meeting.theirs));
  const rows = left.map((detection, place): PairRow => {
    const meeting = byOurs.get(place);
    return {
      atMs: ours[place]?.atMs ?? 0,
      left: detection,
      right: (meeting && right[meeting.theirs]) ?? null,
      secondsApart: meeting === undefined ? null : Math.round(meeting.secondsApart),
    };
  });
  right.forEach((detection, place) => {
    if (!met.has(place))
      rows.push({ atMs: theirs[place]?.atMs ?? 0, left: null, right: detection, secondsApart: null });
  });
  return rows.toSorted((a, b) => b.atMs - a.atMs);
};

export const isMeeting = ({ secondsApart }: PairRow): boolean => secondsApart !== null;
