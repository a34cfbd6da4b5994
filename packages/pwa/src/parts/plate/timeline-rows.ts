/**
 * A plate's detections as rows: under the heading of their day, of one hour of the day, or counted by camera and day.
 * Rule: days are the person's own, hours the organisation's; a day that is not whole is never counted.
 */
import type { DetectionView } from "@chaverim/contracts";

/** The heading of a day; `count` is null while older rows of it may not have been loaded. */
export type DayRow = { dayStart: number; count: number | null };
export type TimelineRow = DayRow | DetectionView;
export const isDayRow = (row: TimelineRow): row is DayRow => "dayStart" in row;

/** Midnight at the beginning of the person's own day, milliseconds. */
export const dayStartOf = (at: string): number => new Date(at).setHours(0, 0, 0, 0);

/** The next midnight: a day of summer time has no 24 hours. */
export const nextDay = (dayStart: number): number => {
  const day = new Date(dayStart);
  return day.setDate(day.getDate() + 1);
};

/** Each day's detections under its heading. @param detections newest first; @param isWhole nothing older follows */
export const rowsByDay = (detections: readonly DetectionView[], isWhole: boolean): TimelineRow[] => {
  const rows: TimelineRow[] = [];
  let day: DayRow | undefined;
  for (const detection of detections) {
    const dayStart = dayStartOf(detection.detectedAt);
    if (day?.dayStart !== dayStart) rows.push((day = { dayStart, count: 0 }));
    day.count = (day.count ?? 0) + 1;
    rows.push(detection);
  }
  if (day !== undefined && !isWhole) day.count = null;
  return rows;
};

/** Says in which hour of a time zone's day something was, 0..23. */
export const hourTeller = (timeZone: string | undefined): ((at: string) => number) => {
  const format = new Intl.DateTimeFormat("en", { hour: "2-digit", hourCycle: "h23", timeZone });
  return (at) => Number(format.format(new Date(at)));
};

/** First readings of one hour of the day: what the count of that hour stands for. */
export const ofHour = (detections: readonly DetectionView[], hour: number, hourOf: (at: string) => number) =>
  detections.filter(({ detectedAt, duplicateOf }) => duplicateOf === null && hourOf(detectedAt) === hour);

/** The most columns that are read at one glance. */
const DAYS_SHOWN = 7;

export type CameraDays = {
  /** Oldest first; starts of days on which the plate was seen. */
  days: number[];
  cameras: { id: string; name: string; counts: number[] }[];
};

/** Counts by camera over the newest whole days, the camera with most first. @param detections newest first */
export const countByCamera = (detections: readonly DetectionView[], isWhole: boolean): CameraDays => {
  const found = [...new Set(detections.map(({ detectedAt }) => dayStartOf(detectedAt)))];
  const whole = isWhole ? found : found.slice(0, -1);
  const days = whole.slice(0, DAYS_SHOWN).toReversed();
  const cameras = new Map<string, CameraDays["cameras"][number]>();
  for (const { camera, detectedAt } of detections) {
    const column = days.indexOf(dayStartOf(detectedAt));
    if (column < 0) continue;
    const row = cameras.get(camera.id) ?? { id: camera.id, name: camera.name, counts: days.map(() => 0) };
    row.counts[column] = (row.counts[column] ?? 0) + 1;
    cameras.set(camera.id, row);
  }
  const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  return { days, cameras: [...cameras.values()].toSorted((a, b) => sum(b.counts) - sum(a.counts)) };
};
